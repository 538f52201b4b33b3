/**
 * The rank of each item, so that the sums of sizes by rank are about equal: the largest item first, each to the rank with the
 * least so far (Graham 1969). The same on all ranks.
 */
export function partition(sizes: readonly number[], ranks: number): number[] {
  const loads = new Array<number>(ranks).fill(0);
  const owners = new Array<number>(sizes.length).fill(0);
  const largestFirst = [...sizes.keys()].sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  for (const item of largestFirst) {
    const owner = loads.indexOf(Math.min(...loads));
    owners[item] = owner;
    loads[owner]! += sizes[item]!;
  }
  return owners;
}
