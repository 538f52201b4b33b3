import { expect, test } from 'vitest';
import { classificationReport } from '../../src/metrics.ts';
import { FakeTensor } from './support.ts';

test('the example of the scikit-learn documentation', () => {
  const targetNames = ['class 0', 'class 1', 'class 2'];
  expect(classificationReport([0, 1, 2, 2, 2], [0, 0, 2, 2, 1], { targetNames })).toBe(
    `              precision    recall  f1-score   support

     class 0       0.50      1.00      0.67         1
     class 1       0.00      0.00      0.00         1
     class 2       1.00      0.67      0.80         3

    accuracy                           0.60         5
   macro avg       0.50      0.56      0.49         5
weighted avg       0.70      0.60      0.61         5
`,
  );
});

test('a micro average stands for the accuracy where labels leave a class out', () => {
  expect(classificationReport([1, 1, 1], [1, 1, 0], { labels: [1, 2, 3] })).toBe(
    `              precision    recall  f1-score   support

           1       1.00      0.67      0.80         3
           2       0.00      0.00      0.00         0
           3       0.00      0.00      0.00         0

   micro avg       1.00      0.67      0.80         3
   macro avg       0.33      0.22      0.27         3
weighted avg       1.00      0.67      0.80         3
`,
  );
});

test('ties round to the even digit, as in Python', () => {
  const truth = [0, 0, 0, 0, 0, 0, 0, 0];
  // Recall 1/8 = 0.125, and 3/8 = 0.375.
  expect(classificationReport(truth, [0, 1, 1, 1, 1, 1, 1, 1])).toContain(
    '0       1.00      0.12      0.22         8',
  );
  expect(classificationReport(truth, [0, 0, 0, 1, 1, 1, 1, 1])).toContain(
    '0       1.00      0.38      0.55         8',
  );
  expect(classificationReport([0, 0], [0, 1], { digits: 0 })).toContain(
    '0          1         0         1         2',
  );
});

test('weighted support prints as Python prints floats', () => {
  const report = classificationReport([0, 1, 2, 3], [0, 1, 2, 2], { sampleWeights: [1e-5, 2e18, 3, 0.1] });
  const supports = report.split('\n').map((line) => line.trim().split(/\s+/).at(-1));
  expect(supports.slice(2, 6)).toEqual(['1e-05', '2e+18', '3.0', '0.1']);
});

test('scores and tensors, names beyond ASCII, wide digits', () => {
  const scores = new FakeTensor([1, 0, 0, 1, 0, 2], [3, 2]);
  const targetNames = ['Straße 🚗', 'a name longer than the headings'];
  expect(classificationReport(new FakeTensor([0, 1, 0]), scores, { targetNames, digits: 4 })).toBe(
    `                                 precision    recall  f1-score   support

                       Straße 🚗     1.0000    0.5000    0.6667         2
a name longer than the headings     0.5000    1.0000    0.6667         1

                       accuracy                         0.6667         3
                      macro avg     0.7500    0.7500    0.6667         3
                   weighted avg     0.8333    0.6667    0.6667         3
`,
  );
});

test('names go by row, or by class where numClasses is given', () => {
  const targetNames = ['ant', 'bee', 'cat'];
  const report = classificationReport([0, 2], [0, 2], { targetNames, numClasses: 3 });
  expect(report).toContain(' ant ');
  expect(report).not.toContain(' bee ');
  expect(report).toContain(' cat ');
  const chosen = classificationReport([0, 2], [0, 2], {
    targetNames: ['two', 'none'],
    labels: [2, 0],
    numClasses: 3,
  });
  expect(chosen.indexOf('two')).toBeLessThan(chosen.indexOf('none'));
  expect(() => classificationReport([0, 2], [0, 2], { targetNames })).toThrow(
    '[classificationReport] 3 targetNames for 2 rows (classes 0, 2). Give one name per row, or one per class',
  );
});

test('options and inputs out of range are errors', () => {
  expect(() => classificationReport([0], [0], { digits: -1 })).toThrow('digits is -1, wanted a whole number');
  expect(() => classificationReport([0], [0], { digits: 101 })).toThrow('digits is 101');
  expect(() => classificationReport([0], [0], { zeroDivision: 2 })).toThrow('zeroDivision is 2');
  expect(() => classificationReport([], [])).toThrow('[classificationReport] there are no samples.');
  expect(() => classificationReport([0, 1], [0, 5], { numClasses: 2 })).toThrow('prediction 1 is class 5');
});
