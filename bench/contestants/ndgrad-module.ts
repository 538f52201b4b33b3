/** ndgrad's exports, and how many runs may be submitted before one is awaited: 1 on the CPU, which runs synchronously. */
export interface Ndgrad extends Readonly<typeof import('../../src/index.ts')> {
  readonly inFlight: number;
}
