import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { imageOf } from '../../site/src/draw/ink.ts';
import { Drawing, type Stroke } from '../../site/src/draw/strokes.ts';
import { loadModel, type Tensor, tensor } from '../../src/index.ts';
import { loadMnist } from '../../src/node.ts';
import { strokeDigits } from './stroke-digits.ts';

/** The drawing in another size, at another place, slanted. */
const moved = (strokes: readonly Stroke[], size: number, x: number, y: number, slant: number): Stroke[] =>
  strokes.map((stroke) => stroke.map(([px, py]) => [x + size * (px - slant * (py - 0.5)), y + size * py]));

/** The total ink, its center, and the larger side of the box around it. */
function measure(image: ArrayLike<number>) {
  let [mass, x, y, left, right, top, bottom] = [0, 0, 0, 28, -1, 28, -1];
  for (let i = 0; i < 784; i++) {
    if (image[i] === 0) continue;
    const [column, row] = [i % 28, Math.floor(i / 28)];
    mass += image[i]!;
    x += image[i]! * column;
    y += image[i]! * row;
    [left, right] = [Math.min(left, column), Math.max(right, column)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
  }
  return { mass, x: x / mass, y: y / mass, side: Math.max(right - left, bottom - top) + 1 };
}

describe('drawings', () => {
  const images = strokeDigits.map((strokes) => imageOf(strokes)!);

  it('have the size, the center and the ink of the images of MNIST', async () => {
    const { data } = (await loadMnist()).test.images;
    const mnist = Array.from({ length: 500 }, (_, i) => measure(data.subarray(784 * i, 784 * (i + 1))));
    const mean = (of: typeof mnist, key: keyof (typeof mnist)[0]): number =>
      of.reduce((sum, image) => sum + image[key], 0) / of.length;
    const drawn = images.map(measure);
    for (const { side } of drawn) expect(side).toBe(20);
    for (const { side } of mnist) expect(side).toBeOneOf([19, 20, 21]);
    // All images of MNIST have their centers within half a pixel of (14, 14).
    for (const image of [...mnist, ...drawn])
      for (const center of [image.x, image.y]) expect(Math.abs(center - 14)).toBeLessThanOrEqual(0.5001);
    const ink = mean(drawn, 'mass') / (mean(mnist, 'mass') / 255);
    expect(ink).toBeGreaterThan(0.9);
    expect(ink).toBeLessThan(1.1);
  });

  it('have smooth edges', () => {
    for (const image of images) {
      expect(Math.max(...image)).toBe(1);
      expect(image.filter((value) => value > 0.05 && value < 0.95).length).toBeGreaterThan(20);
    }
  });

  it('have lines of the same width in any size at any place', () => {
    for (const strokes of strokeDigits) {
      const small = measure(imageOf(moved(strokes, 0.25, 0.6, 0.1, 0))!);
      expect(small.side).toBe(20);
      expect(small.mass).toBeCloseTo(measure(imageOf(strokes)!).mass, 2);
    }
  });

  it('are recognized', async () => {
    const { model } = await loadModel(
      readFileSync(new URL('../../site/models/digits.safetensors', import.meta.url)),
    );
    const variants = [-0.2, 0, 0.2, 0.35].flatMap((slant) =>
      strokeDigits.map((strokes) => imageOf(moved(strokes, 0.7, 0.1, 0.2, slant))!),
    );
    const x: Tensor = tensor(
      variants.flatMap((image) => [...image]),
      { shape: [variants.length, 784] },
    );
    const found = await model.call(x).argmax(1).data();
    const right = variants.filter((_, i) => found[i] === i % 10).length;
    expect(right).toBeGreaterThanOrEqual(36);
  });

  it('may be a dot', () => {
    const dot = measure(imageOf([[[0.5, 0.5]]])!);
    expect(dot.side).toBe(20);
    expect(imageOf([])).toBe(null);
  });
});

describe('the pen', () => {
  it('draws strokes, which can be taken back', () => {
    const drawing = new Drawing();
    expect(drawing.canUndo).toBe(false);
    drawing.begin([0.1, 0.1]);
    drawing.extend([0.2, 0.2]);
    drawing.begin([0.5, 0.5]);
    drawing.clear();
    expect(drawing.strokes).toEqual([]);
    drawing.undo();
    expect(drawing.strokes).toEqual([
      [
        [0.1, 0.1],
        [0.2, 0.2],
      ],
      [[0.5, 0.5]],
    ]);
    drawing.undo();
    expect(drawing.strokes).toHaveLength(1);
    drawing.undo();
    expect([drawing.strokes, drawing.canUndo]).toEqual([[], false]);
    drawing.undo();
    drawing.clear();
    expect([drawing.strokes, drawing.canUndo]).toEqual([[], false]);
  });
});
