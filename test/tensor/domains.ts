/** Makes one number out of random ones in [0, 1); `i` is the place in the tensor. */
export type Domain = (random: () => number, i: number) => number;

export const between =
  (low: number, high: number): Domain =>
  (random) =>
    low + (high - low) * random();

/** On either side of zero, at least `least` away from it. */
export const awayFromZero = (least: number, most = 3): Domain => {
  const size = between(least, most);
  return (random, i) => (random() < 0.5 ? -size(random, i) : size(random, i));
};

/** From -9 to 9, at least 0.1 away from each kink. */
export const awayFrom =
  (...kinks: readonly number[]): Domain =>
  (random) => {
    const x = 18 * random() - 9;
    const near = kinks.find((kink) => Math.abs(x - kink) < 0.1);
    return near === undefined ? x : near + (x < near ? -0.15 : 0.15);
  };

/** One of several. */
export const oneOf =
  (...domains: readonly Domain[]): Domain =>
  (random, i) =>
    domains[Math.floor(random() * domains.length)]!(random, i);

/** Multiples of 0.5 from -3 to 3, shifted. */
export const grid =
  (shift: number): Domain =>
  (random) =>
    Math.floor(random() * 13) * 0.5 - 3 + shift;

/** Different numbers, at least 0.05 apart. */
export const distinct: Domain = (_random, i) => ((i * 71 + 40) % 211) * 0.05 - 5;

/** Different numbers, as `distinct`, and different from those with other shifts below 0.05. */
export const apart =
  (shift: number): Domain =>
  (random, i) =>
    distinct(random, i) + shift;

export const ordinary = between(-2, 2);

/** Small whole numbers, fractions, and now and then what float32 has at its edges. */
export const anything: Domain = (random, i) => {
  const kind = random();
  if (kind < 0.4) return Math.floor(random() * 9) - 4;
  if (kind < 0.96) return Math.fround(ordinary(random, i));
  return edges[Math.floor(random() * edges.length)]!;
};

const edges = [
  -0,
  1e-40,
  -3e-45,
  1e-20,
  3e38,
  -1e30,
  16777217,
  2147483648,
  88.5,
  -104,
  Number.NaN,
  -Infinity,
  Infinity,
];
