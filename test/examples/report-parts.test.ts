import { convertIndexedToRgb, decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import {
  day,
  duration,
  interval,
  meanCount,
  percent,
  plural,
  probability,
  pValue,
  range,
  shortCount,
  shortPercent,
} from '../../examples/mnist/report/format.ts';
import { enumerate, html } from '../../examples/mnist/report/html.ts';
import { placeLabels, separateLabels } from '../../examples/mnist/report/labels.ts';
import { filterImages, signedPicture } from '../../examples/mnist/report/pictures.ts';
import { decimalTicks, logScale, timeTicks } from '../../examples/mnist/report/scales.ts';
import { holm } from '../../examples/mnist/report/significance.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('numbers', () => {
  it.each([
    [percent(0.99716), '99.72 %'],
    [percent(1), '100.00 %'],
    [range([0.99601, 0.998]), '99.60–99.80 %'],
    [interval([0.99601, 0.998]), '99.60–99.80'],
    [shortPercent(0.005), '0.5 %'],
    [shortPercent(1 - 0.002), '99.8 %'],
    [shortPercent(0.3), '30 %'],
    [probability(0.9731), '97.3 %'],
    [probability(0.9995), '> 99.9 %'],
    [probability(0.0004), '< 0.1 %'],
    [pValue(0.0009), '< 0.001'],
    [pValue(0.0131), '0.013'],
    [pValue(0.2149), '0.21'],
    [pValue(1), '1.00'],
    [shortCount(118_282), '120k'],
    [shortCount(30_000_000), '30M'],
    [shortCount(500), '500'],
    [meanCount(1258), '1,258'],
    [meanCount(116 / 3), '38.7'],
    [plural(1, 'model'), '1 model'],
    [plural(10_000, 'image'), '10,000 images'],
    [day('2025-11-02T23:30:00Z'), '2 November 2025'],
    [day('some day'), 'some day'],
  ])('%s', (got, wanted) => {
    expect(plain(got)).toBe(wanted);
  });

  it.each([
    [0.031, '0.03 s'],
    [0.999, '1.0 s'],
    [4.16, '4.2 s'],
    [9.97, '10 s'],
    [59.7, '60 s'],
    [99.6, '1 min 40 s'],
    [120, '2 min'],
    [3599.7, '1 h'],
    [7261, '2 h 1 min'],
  ])('%d seconds are %s', (seconds, wanted) => {
    expect(plain(duration(seconds))).toBe(wanted);
  });
});

describe('html', () => {
  it('escapes values that are not HTML', () => {
    expect(html`<b title="${`"'`}">${'<&>'}${html`<i>`}${[1, undefined, 'a']}</b>`.text).toBe(
      '<b title="&#34;&#39;">&#60;&#38;&#62;<i>1a</b>',
    );
  });

  it('joins items with commas and an `and`', () => {
    expect(enumerate(['a']).text).toBe('a');
    expect(enumerate(['a', 'b']).text).toBe('a and b');
    expect(enumerate(['a', html`<b>`, 'c']).text).toBe('a, <b> and c');
  });
});

describe('holm', () => {
  /** The closed test procedure: a hypothesis is rejected only if every set of hypotheses with it is rejected. */
  const closed = (p: readonly number[]) =>
    p.map((_, i) => {
      let adjusted = 0;
      for (let set = 1; set < 2 ** p.length; set++) {
        if (!(set & (1 << i))) continue;
        const members = p.filter((_, j) => set & (1 << j));
        adjusted = Math.max(adjusted, Math.min(1, members.length * Math.min(...members)));
      }
      return adjusted;
    });

  it.each([[[0.04]], [[0.01, 0.04, 0.03, 0.005]], [[0.5, 0.6, 0.7]], [[1e-9, 0.02, 0.02, 0.02, 0.9, 0.011]]])(
    'agrees with the closed test of Bonferroni tests: %j',
    (p) => {
      holm(p).forEach((adjusted, i) => {
        expect(adjusted).toBeCloseTo(closed(p)[i]!, 12);
      });
    },
  );
});

describe('logarithmic scales', () => {
  it('have equal distances for equal factors, and an inverse', () => {
    const scale = logScale([0.003, 0.08], [180, 10]);
    expect(scale.apply(0.004) - scale.apply(0.008)).toBeCloseTo(scale.apply(0.03) - scale.apply(0.06), 9);
    expect(scale.invert(scale.apply(0.0123))).toBeCloseTo(0.0123, 12);
    expect(scale.apply(0.003)).toBeLessThan(180);
    expect(scale.apply(0.08)).toBeGreaterThan(10);
  });

  it('draw 0 at the floor', () => {
    const scale = logScale([0, 0.08], [0, 100], { floor: 0.00005 });
    expect(scale.clamp(0)).toBe(0.00005);
    expect(scale.apply(0)).toBeGreaterThan(0);
    expect(scale.apply(0)).toBeLessThan(10);
  });

  it('pad a single value, and ignore values that are not finite', () => {
    const [low, high] = logScale([0.01, Number.NaN], [0, 100]).domain;
    expect(low).toBeLessThan(0.005);
    expect(high).toBeGreaterThan(0.02);
  });

  it('have round ticks, at most as many as requested', () => {
    expect(decimalTicks(0.0018, 0.11, 6)).toEqual([0.002, 0.005, 0.01, 0.02, 0.05, 0.1]);
    expect(decimalTicks(0.0018, 0.11, 5)).toEqual([0.003, 0.01, 0.03, 0.1]);
    expect(decimalTicks(0.0018, 0.11, 2)).toEqual([0.01, 0.1]);
    expect(decimalTicks(2.6, 9, 6)).toEqual([3, 4, 5, 7]);
    expect(timeTicks(2, 8000, 8)).toEqual([3, 10, 30, 60, 180, 600, 1800, 3600]);
    expect(timeTicks(2, 8000, 5)).toEqual([10, 60, 600, 3600]);
    expect(timeTicks(70, 100, 5)).toEqual([90]);
    expect(timeTicks(0.02, 0.06, 5)).toEqual([0.02, 0.03, 0.04, 0.05]);
  });
});

describe('labels', () => {
  const bounds = { left: 0, top: 0, right: 300, bottom: 200 };
  const boxes = (points: Parameters<typeof placeLabels>[0]) =>
    placeLabels(points, bounds).map(({ labelX, labelY, anchor, text }) => {
      const width = 6.8 * text.length;
      const left = labelX - { start: 0, middle: width / 2, end: width }[anchor];
      return { left, right: left + width, top: labelY - 6.5, bottom: labelY + 6.5 };
    });

  it('are placed next to their points, inside the chart', () => {
    const [alone] = placeLabels([{ x: 100, y: 100, text: 'cnn' }], bounds);
    expect(alone).toMatchObject({ labelX: 108, labelY: 100, anchor: 'start', leader: false });
    const [edge] = placeLabels([{ x: 290, y: 100, text: 'ensemble' }], bounds);
    expect(edge).toMatchObject({ labelX: 282, anchor: 'end' });
  });

  it('overlap neither each other nor a point, even for many points', () => {
    const crowd = ['wide', 'hidden', 'reference', 'nodropout', 'ensemble'].map((text, i) => ({
      x: 150 + 3 * i,
      y: 100 + 4 * i,
      text,
    }));
    const placed = boxes(crowd);
    placed.forEach((a, i) => {
      for (const b of placed.slice(0, i)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart, `${crowd[i]!.text} meets another`).toBe(true);
      }
      for (const { x, y } of crowd) {
        expect(x > a.left && x < a.right && y > a.top && y < a.bottom).toBe(false);
      }
    });
  });

  it('in a row are moved apart by at least the gap, in the same order', () => {
    const moved = separateLabels([50, 10, 12, 98], 13, [0, 100]);
    const sorted = [moved[1]!, moved[2]!, moved[0]!, moved[3]!];
    expect(sorted).toEqual([10, 23, 50, 98]);
    expect(separateLabels([95, 99], 13, [0, 100])).toEqual([87, 100]);
  });
});

describe('pictures of weights', () => {
  it('are blue above zero, orange below, and transparent at zero', () => {
    const address = signedPicture([0, 0.5, 1, 7, -0.5, -1], 3, 2, 1);
    const png = decode(Buffer.from(address.replace('data:image/png;base64,', ''), 'base64'));
    expect([png.width, png.height]).toEqual([3, 2]);
    const rgba = convertIndexedToRgb(png);
    const at = (i: number) => [...rgba.slice(4 * i, 4 * i + 4)];
    const [blue, orange] = [
      [40, 110, 200],
      [225, 110, 20],
    ] as const;
    expect(at(0)[3]).toBe(0);
    expect(at(1).slice(0, 3)).toEqual(blue);
    expect(at(1)[3]).toBeCloseTo(127, -1);
    expect(at(2)).toEqual([...blue, 254]);
    expect(at(3)).toEqual([...blue, 254]);
    expect(at(4)).toEqual([...orange, at(1)[3]]);
    expect(at(5)).toEqual([...orange, 254]);
  });

  it('have the weights of one unit each', () => {
    // Weight of pixel p to unit u is 100 p + u.
    const values = Float32Array.from({ length: 3 * 2 * 4 }, (_, i) => 100 * Math.floor(i / 4) + (i % 4));
    const { images, width, height, units } = filterImages({ model: 'cnn', shape: [3, 2, 1, 4], values }, 3);
    expect({ width, height, units, shown: images.length }).toEqual({
      width: 2,
      height: 3,
      units: 4,
      shown: 3,
    });
    expect([...images[2]!]).toEqual([2, 102, 202, 302, 402, 502]);
  });
});
