import fc from 'fast-check';

/** Something that must hold for every random case. */
export interface Property {
  readonly name: string;
  /** The cases of one batch; a batch takes about a second. */
  readonly batch: number;
  readonly property: fc.IAsyncProperty<unknown>;
}

export const property = <T>(
  name: string,
  batch: number,
  cases: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
): Property => ({ name, batch, property: fc.asyncProperty(cases, check) as fc.IAsyncProperty<unknown> });
