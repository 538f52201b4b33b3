/** ndgrad, and the most runs in flight: 1 on the CPU, where each run has finished when its call returns. */
export interface Ndgrad extends Readonly<typeof import('../../src/index.ts')> {
  readonly inFlight: number;
}
