const kB = 1024;

/** Bytes in use, by kind. */
export type Usage = Readonly<Record<string, number>>;

/** The kinds of memory that grew by more bytes than allowed. */
export function growth(before: Usage, after: Usage, allowed: number | ((kind: string) => number)): string[] {
  const most = typeof allowed === 'number' ? () => allowed : allowed;
  return Object.keys(before)
    .filter((kind) => after[kind]! - before[kind]! > most(kind))
    .map((kind) => `${kind} grew by ${Math.round((after[kind]! - before[kind]!) / kB)} kB`);
}

/** How often work may make memory grow before that counts as a leak. */
const ROUNDS = 5;

/**
 * The kinds of memory that grow by more bytes than allowed whenever some work is done. The engine's own memory, such as optimized
 * code, also grows, at times that depend on how busy the machine is, but not again and again: what does not grow in one of
 * five rounds is no leak.
 */
export async function leaks(
  usage: () => Promise<Usage>,
  allowed: number | ((kind: string) => number),
  work: () => Promise<void>,
): Promise<string[]> {
  let before = await usage();
  let grown: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await work();
    const after = await usage();
    grown = growth(before, after, allowed);
    if (grown.length === 0) break;
    before = after;
  }
  return grown;
}
