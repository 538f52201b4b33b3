import { createHash } from 'node:crypto';
import { decode } from 'fast-png';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import type { ReportInput } from '../../examples/mnist/report/input.ts';
import { report } from '../../examples/mnist/report/report.ts';
import { completeInput, leastInput } from './report-input.ts';

function page(input: ReportInput) {
  const html = report(input);
  const { document } = parseHTML(html);
  const text = (selector: string) =>
    [...document.querySelectorAll(selector)].map((element) => plain(element.textContent ?? ''));
  const rows = (selector: string) =>
    [...document.querySelectorAll(selector)].map((row) =>
      [...row.querySelectorAll('th, td')].map((cell) => plain(cell.textContent ?? '')).join(' | '),
    );
  return { html, document, text, rows };
}

/** Replaces all white space by single plain spaces. */
const plain = (text: string) => text.replace(/\s+/g, ' ').trim();

const complete = page(completeInput());
const sections = (of: typeof complete) => [...of.document.querySelectorAll('section')].map(({ id }) => id);

describe('the page', () => {
  it('has the main result in its title', () => {
    expect(complete.text('title')).toEqual(['MNIST: cnn gets 99.58 % right']);
    expect(complete.text('h1')).toEqual([
      'cnn gets 99.58 % of the MNIST test images right (95 % interval 99.29–99.81 %)',
    ]);
    expect(complete.text('.lead')[0]).toBe(
      'About cnn: the most accurate of 3 models, trained on 55,000 images, with 5,000 for validation, and tested on ' +
        '10,000 others. Training took 26 min 38 s in total.',
    );
    expect(complete.text('.figures dd')).toEqual([
      '42 in 10,000',
      '0.9959',
      '1,199,882',
      '12 min 34 s per run',
    ]);
  });

  it('has every section, and a link to each', () => {
    const all = 'results cost significance curves confusion classes misclassified filters reproduce'.split(
      ' ',
    );
    expect(sections(complete)).toEqual(all);
    const links = [...complete.document.querySelectorAll('nav a')].map((a) => a.getAttribute('href'));
    expect(links).toEqual(all.map((id) => `#${id}`));
  });

  it('is the same for the same input', () => {
    expect(report(completeInput())).toBe(complete.html);
  });

  it('has no scripts or external resources, and its policy forbids them', () => {
    const { document, html } = complete;
    expect(document.querySelectorAll('script, link, iframe, object, embed, base, form')).toHaveLength(0);
    const sources = [...document.querySelectorAll('[src], [srcset]')].map((e) => e.getAttribute('src') ?? '');
    expect(sources.length).toBeGreaterThan(40);
    for (const source of sources) expect(source).toMatch(/^data:image\/png;base64,[A-Za-z0-9+/]+=*$/);
    expect(html).not.toMatch(/@import|url\(|xlink|\son[a-z]+=/);
    const addresses = html.match(/https?:\/\/[^"<\s]*/g) ?? [];
    expect(new Set(addresses)).toEqual(new Set(['https://example.org/?a=1&#38;b=2']));

    // The policy allows one style sheet, so there may be no other one and no style attribute.
    const [style, ...others] = document.querySelectorAll('style');
    expect(others).toHaveLength(0);
    expect(document.querySelectorAll('[style]')).toHaveLength(0);
    const hash = createHash('sha256').update(style!.textContent!).digest('base64');
    const policy = document
      .querySelector('meta[http-equiv=Content-Security-Policy]')!
      .getAttribute('content');
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`,
    );
  });

  it('has well-formed markup: tags are nested correctly, attributes are unique', () => {
    expect(() => wellFormed(complete.html)).not.toThrow();
    expect(() => wellFormed('<!doctype html><p><b></p></b>')).toThrow('</p> closes <b>');
    expect(() => wellFormed('<!doctype html><p id="a" id="b"></p>')).toThrow('id twice');
  });

  it('has unique ids and no invalid numbers', () => {
    const ids = [...complete.document.querySelectorAll('[id]')].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(complete.html).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it('has a text description of every chart and picture', () => {
    const charts = [...complete.document.querySelectorAll('svg')];
    expect(charts.length).toBeGreaterThan(15);
    for (const svg of charts) {
      expect(svg.getAttribute('role')).toBe('img');
      expect(svg.getAttribute('aria-label')).toMatch(/\w{3}/);
    }
    for (const image of complete.document.querySelectorAll('img')) {
      expect(image.getAttribute('alt')).toMatch(/\w{3}/);
    }
  });
});

describe('its contents', () => {
  it('compares all models, the best first, then published results', () => {
    expect(complete.rows('.results tbody:not(.published) tr')).toEqual([
      'cnn about cnn |  | 42 | 99.58 ± 0.03 99.29–99.81 | 0.9959 ± 0.0001 | 0.0322 ± 0.0002',
      'wide about wide |  | 202 | 97.98 ± 0.03 97.69–98.21 | 0.9799 ± 0.0001 | 0.0322 ± 0.0002',
      'softmax about softmax |  | 802 | 91.98 ± 0.03 91.69–92.21 | 0.9199 ± 0.0001 | 0.0322 ± 0.0002',
    ]);
    expect(complete.rows('.published tr')).toEqual([
      'Published by others',
      'one CNN of others (A & B) |  | 35.9 | 99.64 ± 0.05 | – | –',
      'Keras a tutorial (printed) |  | 258 | 97.42 | – | –',
      'unnamed without a source |  | 300 | 97.00 | – | 0.0987',
    ]);
    expect([...complete.document.querySelectorAll('.best')]).toHaveLength(1);
  });

  it('draws each interval between its ends on the common axis', () => {
    const bars = [...complete.document.querySelectorAll('tbody:not(.published) .range svg')].map((svg) => {
      const dot = Number(svg.querySelector('circle')!.getAttribute('cx'));
      const lines = [...svg.querySelectorAll('line')].map((l) =>
        ['x1', 'x2'].map((end) => Number(l.getAttribute(end))),
      );
      return { dot, ends: lines.find(([from, to]) => from !== to)! };
    });
    // Errors of 0.42, 2.02 and 8.02 % on a logarithmic axis: equal factors have equal distances.
    const [best, middle, worst] = bars.map(({ dot }) => dot) as [number, number, number];
    expect(best).toBeGreaterThan(middle);
    const perFactor = (best - middle) / Math.log(2.02 / 0.42);
    expect((middle - worst) / Math.log(8.02 / 2.02)).toBeCloseTo(perFactor, 0);
    for (const { dot, ends } of bars) {
      expect(Math.min(...ends)).toBeLessThan(dot);
      expect(Math.max(...ends)).toBeGreaterThan(dot);
    }
  });

  it('shows accuracy and cost', () => {
    expect(complete.rows('#cost tbody tr')).toEqual([
      'cnn | 1,199,882 | 3 | 4 min 11 s | 12 min 34 s | 31 s',
      'wide | 669,706 | 3 | 14 s | 41 s | –',
      'softmax | 7,850 | 3 | 1.4 s | 4.2 s | –',
    ]);
    const label = complete.document.querySelector('#cost svg')!.getAttribute('aria-label');
    expect(plain(label!)).toBe(
      'Accuracy against parameters. cnn: 99.58 % with 1,199,882 parameters; wide: 97.98 % with 669,706 parameters; ' +
        'softmax: 91.98 % with 7,850 parameters; Keras: 97.42 % with 118,282 parameters.',
    );
  });

  it('adjusts McNemar’s p-values for their number and names the models that do not differ', () => {
    const rows = complete.rows('.matrix tbody tr');
    // cnn-wide 0.021 x 2, wide-softmax 0.3 x 1, cnn-softmax 1e-30 x 3.
    expect(rows).toEqual(['1 cnn', '2 wide | 0.042', '3 softmax | < 0.001 | 0.30']);
    const filled = complete.text('.matrix .significant');
    expect(filled).toEqual(['0.042', '< 0.001']);
    expect(complete.text('#significance p')[0]).toBe('cnn differs significantly from every other model.');

    const mcnemar = [
      [1, 1e-30, 0.3],
      [1e-30, 1, 0.03],
      [0.3, 0.03, 1],
    ];
    expect(page({ ...completeInput(), mcnemar }).text('#significance p')[0]).toBe(
      'cnn does not differ significantly from wide (p = 0.060).',
    );
  });

  it('draws a learning curve for each model that has one', () => {
    expect(complete.text('#curves .panel h3')).toEqual(['cnn', 'wide', 'softmax', 'cnn', 'wide', 'softmax']);
    const label = complete.document.querySelector('#curves svg')!.getAttribute('aria-label');
    expect(plain(label!)).toBe('cnn, error rate after 3 epochs: training 4.00 %, validation 4.50 %');

    const { models, ...input } = completeInput();
    const [first, ...rest] = models;
    const without = page({
      ...input,
      models: [{ ...first!, history: { loss: [0.5, Number.NaN, 0.1] } }, ...rest],
    });
    expect(without.text('#curves .panel h3')).toEqual(['cnn', 'wide', 'cnn', 'wide', 'softmax']);
    expect(without.html).not.toContain('NaN');
  });

  it('names the epochs of a curve, the only one beside the word', () => {
    const { models, ...input } = completeInput();
    const texts = (epochs: number) => {
      const [first] = models;
      const history = { loss: Array(epochs).fill(0.5) };
      const { document } = page({ ...input, models: [{ ...first!, history }, ...models.slice(1)] });
      const chart = [...document.querySelectorAll('#curves svg')].find((svg) =>
        svg.getAttribute('aria-label')!.startsWith('softmax, loss'),
      )!;
      const label = plain(chart.getAttribute('aria-label')!);
      return [label, ...[...chart.querySelectorAll('text')].map((text) => text.textContent!)];
    };
    expect(texts(1)[0]).toBe('softmax, loss after 1 epoch: training 0.5000');
    expect(
      texts(1)
        .slice(1)
        .filter((text) => /epoch|^1$/.test(text)),
    ).toEqual(['epoch 1']);
    expect(texts(3).slice(-3)).toEqual(['1', '3', 'epoch']);
  });

  it('shows the counts of the confusion matrices', () => {
    expect(complete.text('#confusion h3')).toEqual([
      'cnn 40 errors',
      'wide 200 errors',
      'softmax 800 errors',
    ]);
    const cells = [...complete.document.querySelectorAll('#confusion svg')[0]!.querySelectorAll('text')]
      .map((text) => text.textContent!)
      .slice(21);
    expect(cells).toEqual([...Array(10).fill('996'), ...Array(10).fill('4')]);
    expect(complete.text('#confusion p')[0]).toBe(
      'The most frequent mistakes of cnn: 0 taken for 1 (4 times), 1 taken for 2 (4 times) and 2 taken for 3 (4 times).',
    );
  });

  it('shades more mistakes darker, on one scale for all models', () => {
    const opacity = [...complete.document.querySelectorAll('#confusion svg')].map(
      (svg) =>
        new Set(
          [...svg.querySelectorAll('rect[fill-opacity]')].map((r) => Number(r.getAttribute('fill-opacity'))),
        ),
    );
    for (const values of opacity) expect(values.size).toBe(1);
    const [cnn, wide, softmax] = opacity.map(([value]) => value!) as [number, number, number];
    expect(cnn).toBeLessThan(wide);
    expect(wide).toBeLessThan(softmax);
  });

  it('gives precision, recall and F1 of each class', () => {
    expect(complete.text('#classes p')[0]).toBe('Hardest for cnn is 9 (F1 0.9951), easiest 0 (0.9960).');
    const tables = complete.text('.scores caption');
    expect(tables).toEqual(['cnn', 'wide', 'softmax']);
    expect(complete.rows('.scores tbody tr').slice(0, 2)).toEqual([
      '0 | 0.9960 | 0.9960 | 0.9960',
      '1 | 0.9960 | 0.9960 | 0.9959',
    ]);
    const [chart] = complete.document.querySelectorAll('#classes svg');
    expect(chart!.querySelectorAll('circle')).toHaveLength(3 * 11);
  });

  it('shows the misclassified images, the most probable first', () => {
    expect(complete.text('.gallery li')).toEqual(['5 < 0.1 % 6 > 99.9 % № 8', '4 40.0 % 9 60.0 % № 4201']);
    const image = complete.document.querySelector('.gallery img')!;
    expect(image.getAttribute('alt')).toBe('Test image 8: 5, taken for 6');
    const png = decode(Buffer.from(image.getAttribute('src')!.split(',')[1]!, 'base64'));
    expect([png.width, png.height, png.channels]).toEqual([28, 28, 1]);
    const { pixels } = completeInput().misclassified!.images[0]!;
    expect(Array.from(png.data)).toEqual(Array.from(pixels, (p) => 255 - p));
  });

  it('shows all of them, those after the first 60 in a list to open', () => {
    const input = completeInput();
    const [image] = input.misclassified!.images;
    const images = Array.from({ length: 70 }, (_, i) => ({
      ...image!,
      index: i,
      predictedProbability: i / 100,
    }));
    const many = page({ ...input, misclassified: { model: 'softmax', images } });
    const shown = many.text('.gallery small');
    expect(shown).toEqual(Array.from({ length: 70 }, (_, i) => `№ ${69 - i}`));
    expect(many.text('#misclassified details small')).toEqual(shown.slice(60));
    expect(many.text('#misclassified summary')).toEqual(['10 more']);
    expect(complete.text('#misclassified summary')).toEqual([]);
    expect(many.text('#misclassified p')[0]).toMatch(
      /^70 of 800 misclassified images, those with the highest probability/,
    );
    expect(complete.text('#misclassified p')[0]).toMatch(/^2 of 40 misclassified images, /);
  });

  it('shows the first filters of each layer', () => {
    expect(complete.text('#filters figcaption').map((t) => t.replace(/ Full.*/, ''))).toEqual([
      'softmax. 10 units.',
      'wide. 30 units, the first 24.',
      'cnn. 8 filters of 3 × 3.',
    ]);
    const counts = [...complete.document.querySelectorAll('.filters')].map(
      (ul) => ul.querySelectorAll('img').length,
    );
    expect(counts).toEqual([10, 24, 8]);
  });

  it('shows how to reproduce the results', () => {
    expect(complete.document.querySelector('pre')!.textContent).toBe(
      'npm run mnist -- --full --models "a,b"',
    );
    expect(complete.text('.facts div')).toEqual([
      'Seeds1 and 2',
      'ndgrad0.1.0',
      'Nodev20.20.2',
      'Backendwasm, 2 threads',
      'ProcessorA Processor <64-bit>',
      'Training images55,000',
      'Validation images5,000',
      'Test images10,000',
      'Date2 November 2025',
    ]);
    expect(complete.text('#reproduce > p')[0]).toMatch(/same bits on any processor/);
    const { versions } = completeInput();
    const onGpu = page({
      ...completeInput(),
      versions: { ...versions, backend: 'webgpu', threads: 1, adapter: 'A Card' },
    });
    expect(onGpu.text('.facts div')).toEqual(expect.arrayContaining(['Backendwebgpu', 'GPUA Card']));
    expect(onGpu.text('#reproduce > p')[0]).toMatch(/^Rounding depends on the GPU.*other bits/);
    const runs = complete.rows('.runs tbody tr');
    expect(runs).toHaveLength(6);
    expect(runs.slice(0, 2)).toEqual([
      'cnn | 1 | 99.60 % | 0.9959 | 0.0321 | a0123456789abcde…',
      '2 | 99.56 % | 0.9960 | 0.0323 | b0123456789abcde…',
    ]);
    const { models, ...input } = completeInput();
    const ensemble = { ...models[0]!, runs: [{ ...models[0]!.runs[0]!, seeds: [1, 2, 3] }] };
    expect(
      page({ ...input, models: [ensemble, ...models.slice(1)] })
        .rows('.runs tbody tr')
        .at(-1),
    ).toMatch(/^softmax \| 1, 2, 3 \| 92\.00 % /);
  });
});

describe('names', () => {
  it('are escaped everywhere', () => {
    const evil = `<img src=x onerror="alert(1)">&lt;'`;
    const input = completeInput();
    const named = page({
      ...input,
      dataset: { ...input.dataset, name: evil, classes: input.dataset.classes.map((c) => `${c}${evil}`) },
      command: evil,
      versions: { ndgrad: evil, node: evil, backend: evil, threads: 1, adapter: evil, cpu: evil, date: evil },
      models: input.models.map((model) => ({ ...model, id: `${model.id}${evil}`, about: evil })),
      published: [
        { name: evil, about: evil, source: evil, url: `https://example.org/${evil}`, accuracy: 0.9 },
      ],
      misclassified: { ...input.misclassified!, model: `cnn${evil}` },
      firstLayers: input.firstLayers!.map((layer) => ({
        ...layer,
        model: `${layer.model}${evil}`,
        names: [evil],
      })),
    });
    expect(named.document.querySelectorAll('img')).toHaveLength(
      complete.document.querySelectorAll('img').length,
    );
    expect(named.document.querySelectorAll('[onerror]')).toHaveLength(0);
    expect(named.document.querySelector('pre')!.textContent).toBe(evil);
    expect(named.text('h1')[0]).toContain(`cnn${evil} gets`);
    const label = named.document.querySelector('#confusion svg')!.getAttribute('aria-label');
    expect(label).toContain(`Confusion matrix of cnn${evil}: `);
    expect(() => wellFormed(named.html)).not.toThrow();
  });

  it('become links only for web addresses', () => {
    const links = [...complete.document.querySelectorAll('.published a')].map((a) => a.getAttribute('href'));
    expect(links).toEqual(['https://example.org/?a=1&b=2']);
    const [first] = completeInput().published!;
    const other = page({ ...completeInput(), published: [{ ...first!, url: 'javascript:alert(1)' }] });
    expect(other.document.querySelectorAll('.published a')).toHaveLength(0);
    expect(other.text('.published tr')[1]).toContain('(A & B)');
  });
});

describe('missing parts', () => {
  const least = page(leastInput());

  it('leave no empty section, chart or sentence', () => {
    expect(sections(least)).toEqual(['results', 'cost', 'confusion', 'classes', 'reproduce']);
    expect(least.document.querySelectorAll('nav a')).toHaveLength(5);
    expect(least.document.querySelectorAll('#cost svg')).toHaveLength(0);
    expect(least.document.querySelectorAll('.published')).toHaveLength(0);
    expect(least.rows('.results tbody tr')).toEqual([
      'softmax about softmax |  | 800 | 92.00 91.69–92.21 | 0.9199 | 0.0321',
    ]);
    expect(least.text('.lead')[0]).toBe(
      'About softmax, trained on 55,000 images, and tested on 10,000 others. Training took 4.2 s in total.',
    );
    expect(
      least
        .text('main')
        .join()
        .match(/±|\bmodels\b|matrices|first runs?|validation/gi),
    ).toBeNull();
    expect(least.html).not.toMatch(/NaN|undefined|Infinity/);
    expect(() => wellFormed(least.html)).not.toThrow();
  });

  it('may be any optional part of a report', () => {
    const parts = { mcnemar: 'significance', misclassified: 'misclassified', firstLayers: 'filters' };
    for (const [part, section] of Object.entries(parts)) {
      const without = page({ ...completeInput(), [part]: undefined });
      expect(sections(without)).toEqual(sections(complete).filter((id) => id !== section));
    }
    const none = page({ ...completeInput(), misclassified: { model: 'cnn', images: [] }, firstLayers: [] });
    expect(sections(none)).not.toContain('misclassified');
    expect(sections(none)).not.toContain('filters');
  });

  it('may be mistakes: a perfect model is still drawn on every axis', () => {
    const input = leastInput();
    const [model] = input.models;
    const perfect = page({
      ...input,
      models: [
        {
          ...model!,
          runs: [{ ...model!.runs[0]!, accuracy: 1 }],
          accuracy: { mean: 1 },
          interval: [0.9996, 1],
          confusion: model!.confusion.map((row, i) => row.map((_, j) => (i === j ? 1000 : 0))),
          classes: model!.classes.map(() => ({ precision: 1, recall: 1, f1: 1 })),
        },
      ],
    });
    expect(perfect.text('#confusion p')[0]).toBe('softmax made no mistake.');
    expect(perfect.html).not.toMatch(/NaN|Infinity/);
    const dot = perfect.document.querySelector('.range circle')!;
    expect(Number(dot.getAttribute('cx'))).toBeGreaterThan(98);
  });
});

describe('inconsistent input', () => {
  const input = completeInput();
  const [model, ...rest] = input.models;
  it.each<[string, ReportInput, RegExp]>([
    ['no model', { ...input, models: [] }, /^\[report\] got no model, wanted one or more\. /],
    [
      'one id twice',
      { ...input, models: [model!, model!, ...rest] },
      /got ids softmax, softmax, cnn, wide, wanted each once/,
    ],
    [
      'a model without runs',
      { ...input, models: [{ ...model!, runs: [] }, ...rest] },
      /got no run of softmax/,
    ],
    [
      'a matrix of other classes',
      { ...input, models: [{ ...model!, confusion: [[1]] }, ...rest] },
      /got a confusion matrix of softmax with 1 rows, wanted 10 x 10 counts/,
    ],
    [
      'scores of other classes',
      { ...input, models: [{ ...model!, classes: model!.classes.slice(1) }, ...rest] },
      /got scores of 9 classes of softmax, wanted 10/,
    ],
    ['too few p-values', { ...input, mcnemar: [[1]] }, /got 1 rows of p-values, wanted 3 x 3/],
    [
      'images of an unknown model',
      { ...input, misclassified: { model: 'lenet', images: [] } },
      /got images of 'lenet', wanted one of softmax, cnn, wide/,
    ],
    [
      'an image of another size',
      {
        ...input,
        misclassified: {
          model: 'cnn',
          images: [{ ...input.misclassified!.images[0]!, pixels: new Uint8Array(5) }],
        },
      },
      /got 5 pixels of test image 4201, wanted 784/,
    ],
    [
      'too few weights',
      { ...input, firstLayers: [{ model: 'cnn', shape: [3, 3, 1, 8], values: new Float32Array(71) }] },
      /got 71 weights of cnn, wanted \[3, 3, 1, 8\]/,
    ],
  ])('%s is an error that says so', (_, wrong, message) => {
    expect(() => report(wrong)).toThrow(message);
  });
});

/** Throws an Error if tags are not nested correctly or a tag has an attribute twice. */
function wellFormed(html: string): void {
  const open: string[] = [];
  const tags = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/g;
  const empty = new Set(['meta', 'img', 'br', 'hr', 'link']);
  const body = html.replace(/^<!doctype html>/, '').replace(/<style>[^<]*<\/style>/, '');
  for (const [tag, slash, name, attributes] of body.matchAll(tags)) {
    const names = [...attributes!.matchAll(/([\w:-]+)(?:="[^"]*")?/g)].map(([, attribute]) => attribute);
    const twice = names.find((attribute, i) => names.indexOf(attribute) !== i);
    if (twice !== undefined) throw new Error(`${tag}: ${twice} twice`);
    if (slash) {
      const last = open.pop();
      if (last !== name) throw new Error(`${tag} closes <${last}>`);
    } else if (!tag.endsWith('/>') && !empty.has(name!)) open.push(name!);
  }
  if (open.length > 0) throw new Error(`<${open.join('> <')}> stay open`);
  const rest = body.replace(tags, '');
  if (/[<]/.test(rest))
    throw new Error(`a tag that is none: ${rest.slice(rest.indexOf('<'), rest.indexOf('<') + 80)}`);
}
