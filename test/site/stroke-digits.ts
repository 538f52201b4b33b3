import type { Point, Stroke } from '../../site/src/draw/strokes.ts';

/** Part of an ellipse, clockwise from an angle to another one in degrees; 0 is on the right, 90 at the bottom. */
function arc(cx: number, cy: number, rx: number, ry: number, from: number, to: number): Point[] {
  return Array.from({ length: 17 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / 16) * Math.PI) / 180;
    return [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
  });
}

/** The digits 0 to 9 as people write them, on paper from 0 to 1. */
export const strokeDigits: readonly (readonly Stroke[])[] = [
  [arc(0.5, 0.5, 0.24, 0.36, -90, 270)],
  [
    [
      [0.52, 0.12],
      [0.5, 0.88],
    ],
  ],
  [[...arc(0.5, 0.32, 0.22, 0.2, -170, 30), [0.52, 0.62], [0.26, 0.86], [0.78, 0.85]]],
  [[...arc(0.48, 0.31, 0.22, 0.19, -150, 90), ...arc(0.48, 0.68, 0.25, 0.19, -90, 150)]],
  [
    [
      [0.34, 0.14],
      [0.27, 0.52],
      [0.74, 0.5],
    ],
    [
      [0.66, 0.16],
      [0.62, 0.88],
    ],
  ],
  [
    [[0.34, 0.15], [0.31, 0.46], ...arc(0.46, 0.65, 0.24, 0.21, -120, 140)],
    [
      [0.34, 0.15],
      [0.74, 0.13],
    ],
  ],
  [[[0.62, 0.12], [0.4, 0.36], ...arc(0.49, 0.68, 0.19, 0.19, -170, 190)]],
  [
    [
      [0.25, 0.16],
      [0.76, 0.15],
      [0.46, 0.88],
    ],
  ],
  [
    [
      ...arc(0.5, 0.31, 0.18, 0.18, -60, -270),
      ...arc(0.5, 0.69, 0.22, 0.2, -90, 270),
      ...arc(0.5, 0.31, 0.18, 0.18, 90, -60),
    ],
  ],
  [[...arc(0.5, 0.32, 0.2, 0.2, 0, -360), [0.68, 0.5], [0.6, 0.88]]],
];
