import {
  concat,
  flip,
  type ScanOptions,
  softmax,
  stack,
  type Tensor,
  transpose,
  where,
  zeros,
} from '../../src/index.ts';

export type Step = (
  carries: readonly Tensor[],
  elements: readonly Tensor[],
) => readonly [carries: readonly Tensor[], outputs?: readonly Tensor[]];

/** What `scan` computes, written out. */
export function unrolled(
  step: Step,
  initial: readonly Tensor[],
  sequences: readonly Tensor[],
  { reverse = false, length, lengths }: Omit<ScanOptions, 'lengths'> & { lengths?: readonly number[] } = {},
): [Tensor[], Tensor[]] {
  const count = sequences[0]?.shape[0] ?? length!;
  let carries = [...initial];
  const outputs: (readonly Tensor[])[] = [];
  for (let i = 0; i < count; i++) {
    const t = reverse ? count - 1 - i : i;
    const [next, made = []] = step(
      carries,
      sequences.map((s) => s.slice([t, t + 1]).squeeze(0)),
    );
    const real = (x: Tensor, old: Tensor): Tensor => {
      if (lengths === undefined) return x;
      const rows = lengths.map((n, row) => (t < n ? x : old).slice([row, row + 1]));
      return concat(rows, 0);
    };
    carries = next.map((x, k) => real(x, carries[k]!));
    outputs[t] = made.map((x) => real(x, zeros(x.shape, x.dtype)));
  }
  return [carries, outputs[0]!.map((_, k) => stack(outputs.map((made) => made[k]!)))];
}

/** Tensors that the steps of `randomStep` use. */
export interface Captured {
  /** [width, width]. */
  readonly weights: readonly Tensor[];
  /** [width]. */
  readonly bias: Tensor;
}

/** A step on tensors [batch, width], made of the choices. */
export function randomStep(choices: readonly number[], carries: number, { weights, bias }: Captured): Step {
  return (given, elements) => {
    let at = 0;
    const choose = (n: number): number => choices[at++ % choices.length]! % n;
    const pool: Tensor[] = [...given, ...elements, bias.broadcastTo([...given, ...elements][0]!.shape)];
    const pick = (): Tensor => pool[choose(pool.length)]!;
    const operations: (() => Tensor)[] = [
      () => pick().matmul(weights[choose(weights.length)]!),
      () => pick().matmul(weights[choose(weights.length)]!).add(bias),
      () => transpose(weights[0]!.matmul(transpose(pick()))),
      () => pick().add(pick()),
      () => pick().mul(pick()),
      () => pick().sub(0.5),
      () => pick().tanh(),
      () => pick().sigmoid().mul(pick()),
      () => where(pick().greater(0), pick(), pick()),
      () => pick().mean(1, { keepDims: true }).add(pick()),
      () => pick().sub(pick().max(0)),
      () => softmax(pick()),
      () => flip(pick(), 1),
      () => concat([pick().slice(null, [0, 1]), pick().slice(null, [1, null])], 1),
      () => transpose(pick()).reshape(pick().shape),
    ];
    for (let i = 0; i < 8; i++) pool.push(operations[choose(operations.length)]!());
    const next = Array.from({ length: carries }, () => pick());
    const outputs = Array.from({ length: choose(3) }, () => pick());
    return [next.map((x, k) => (k % 2 === 0 ? x.tanh() : x)), outputs];
  };
}
