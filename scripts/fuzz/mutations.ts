import fc from 'fast-check';

/** Changes of bytes: what a broken disk, an interrupted download or a wrong program do. */
interface Change {
  readonly kind: 'flip' | 'set' | 'insert' | 'remove' | 'repeat' | 'cut' | 'append' | 'zero';
  /** Where, as a fraction of the length. */
  readonly at: number;
  readonly length: number;
  readonly byte: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('flip', 'set', 'insert', 'remove', 'repeat', 'cut', 'append', 'zero'),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  length: fc.integer({ min: 1, max: 40 }),
  byte: fc.nat({ max: 255 }),
});

export const changes = fc.array(change, { minLength: 0, maxLength: 4 });

const changed = (bytes: Uint8Array, { kind, at, length, byte }: Change): Uint8Array => {
  const place = Math.floor(at * bytes.length);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  const filled = new Uint8Array(length).fill(byte);
  const first = after.subarray(0, 1);
  switch (kind) {
    case 'flip':
      return joined(
        before,
        first.map((x) => x ^ (1 << (byte & 7))),
        after.subarray(1),
      );
    case 'set':
      return joined(
        before,
        first.map(() => byte),
        after.subarray(1),
      );
    case 'insert':
      return joined(before, filled, after);
    case 'remove':
      return joined(before, after.subarray(length));
    case 'repeat':
      return joined(before, after.subarray(0, length), after);
    case 'cut':
      return before;
    case 'append':
      return joined(bytes, filled);
    case 'zero':
      return joined(
        before,
        after.subarray(0, length).map(() => 0),
        after.subarray(length),
      );
  }
};

export const mutated = (bytes: Uint8Array, list: readonly Change[]): Uint8Array =>
  list.reduce(changed, bytes);

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** What is put in place of a value in JSON-like data. */
const junk = fc.constantFrom<unknown>(
  ...[null, undefined, true, '', 'x', '1', [], {}, 0, -0, 1, -1, 0.5, 1e30, 1e300, 2 ** 53, 2 ** 32],
  ...[
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Float32Array.of(1),
    [1],
    [[1]],
    { a: 1 },
  ],
);

/** A change of structured data: the value with number `which` is replaced or removed. */
interface Edit {
  readonly which: number;
  readonly to: unknown;
  readonly remove: boolean;
}

export const edits = fc.array(fc.record({ which: fc.nat({ max: 60 }), to: junk, remove: fc.boolean() }), {
  minLength: 0,
  maxLength: 3,
});

/** A copy of plain data with the edits. */
export const edited = (data: unknown, list: readonly Edit[]): unknown =>
  list.reduce((now, edit) => editedOnce(now, edit), data);

function editedOnce(data: unknown, { which, to, remove }: Edit): unknown {
  let seen = 0;
  const walk = (value: unknown): unknown => {
    if (seen++ === which) return to;
    if (ArrayBuffer.isView(value)) {
      const copy = (value as Float32Array).slice();
      const place = which - seen;
      seen += copy.length;
      if (place >= 0 && place < copy.length) copy[place] = Number(to);
      return copy;
    }
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const entries: [string, unknown][] = [];
    for (const [key, inner] of Object.entries(value)) {
      const removed = remove && seen === which;
      const copy = walk(inner);
      if (!removed) entries.push([key, copy]);
    }
    return Object.fromEntries(entries);
  };
  return walk(data);
}
