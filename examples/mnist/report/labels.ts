/** A point in a chart and its label, in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** The position and anchor of a label, and whether a leader line connects it with its point. */
export interface PlacedLabel extends Point {
  readonly labelX: number;
  readonly labelY: number;
  readonly anchor: 'start' | 'middle' | 'end';
  readonly leader: boolean;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const lineHeight = 13;
/** An upper bound for the usual fonts at 11 px, so that labels do not overlap with any of them. */
const charWidth = 6.8;
const radius = 5;

/**
 * Chooses the position of every label in order. Candidates lie inside `bounds`. The cost of a candidate is its overlap with
 * points and earlier labels, then with `obstacles` (thin lines), its distance, and a penalty if another point is closer.
 */
export function placeLabels(
  points: readonly Point[],
  bounds: Box,
  obstacles: readonly Box[] = [],
): PlacedLabel[] {
  const dots = points.map(({ x, y }) => around(x, y));
  const occupied: Box[] = [];
  return points.map((point) => {
    let best: { cost: number; placed: PlacedLabel; box: Box } | undefined;
    for (const placed of candidates(point)) {
      const box = boxOf(placed);
      const outside = box.left < bounds.left || box.right > bounds.right;
      if (outside || box.top < bounds.top || box.bottom > bounds.bottom) continue;
      const clashes = [...occupied, ...dots].reduce((sum, other) => sum + overlap(box, other), 0);
      const crossed = obstacles.reduce((sum, other) => sum + overlap(box, other), 0);
      const far = (other: Point) => Math.hypot(placed.labelX - other.x, placed.labelY - other.y);
      const isAmbiguous = points.some((other) => other !== point && far(other) < far(point) + 4);
      const cost = 10 * clashes + crossed + (isAmbiguous ? 150 : 0) + far(point);
      if (best === undefined || cost < best.cost) best = { cost, placed, box };
    }
    const { placed, box } = best ?? { placed: candidates(point)[0]!, box: boxOf(candidates(point)[0]!) };
    occupied.push(box);
    return placed;
  });
}

/** Moves positions apart within [low, high], as little as possible, until each is at least `gap` from the next. */
export function separateLabels(
  positions: readonly number[],
  gap: number,
  [low, high]: readonly [number, number],
) {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a]! - positions[b]!);
  const moved = [...positions];
  let before = low - gap;
  for (const i of order) {
    moved[i] = Math.max(moved[i]!, before + gap);
    before = moved[i];
  }
  let after = high + gap;
  for (const i of order.reverse()) {
    moved[i] = Math.min(moved[i]!, after - gap);
    after = moved[i];
  }
  return moved;
}

function candidates({ x, y, text }: Point): PlacedLabel[] {
  return [0, 8, 18, 30, 44].flatMap((extra) => {
    const side = radius + 3 + extra;
    const up = lineHeight / 2 + radius + extra;
    const at = (labelX: number, labelY: number, anchor: PlacedLabel['anchor']) => ({
      x,
      y,
      text,
      labelX,
      labelY,
      anchor,
      leader: extra > 0,
    });
    return [
      at(x + side, y, 'start'),
      at(x - side, y, 'end'),
      at(x, y - up, 'middle'),
      at(x, y + up, 'middle'),
      at(x + side, y - up, 'start'),
      at(x + side, y + up, 'start'),
      at(x - side, y - up, 'end'),
      at(x - side, y + up, 'end'),
    ];
  });
}

function around(x: number, y: number): Box {
  return { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius };
}

function boxOf({ labelX, labelY, anchor, text }: PlacedLabel): Box {
  const width = charWidth * text.length;
  const left = anchor === 'start' ? labelX : anchor === 'end' ? labelX - width : labelX - width / 2;
  return { left, right: left + width, top: labelY - lineHeight / 2, bottom: labelY + lineHeight / 2 };
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}
