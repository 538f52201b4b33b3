/** What of the probabilities of the next token is kept. */
export interface Truncation {
  /** Only the most probable tokens, this many. */
  readonly topK: number;
  /** Only the most probable tokens, as many as it takes to reach this probability (Holtzman et al. 2020). */
  readonly topP: number;
}

/**
 * The token at the point u of the distribution, 0 <= u < 1, after its truncation. It only adds and compares, so that all
 * machines draw the same token.
 */
export function sampleToken(probabilities: Float32Array, u: number, { topK, topP }: Truncation): number {
  const order = Array.from(probabilities.keys());
  if (topK < order.length || topP < 1) order.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  let total = 0;
  let count = 0;
  while (count < Math.min(topK, order.length) && (count === 0 || total < topP))
    total += probabilities[order[count++]!]!;
  let rest = u * total;
  let last = order[0]!;
  for (const token of order.slice(0, count)) {
    const p = probabilities[token]!;
    if (p === 0) continue;
    if (rest < p) return token;
    rest -= p;
    last = token;
  }
  // Rounding may leave a rest.
  return last;
}

/** The most probable token, the first of equal ones. */
export function likeliestToken(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
  return best;
}
