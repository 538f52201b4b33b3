import type { ByteSource } from 'ndgrad';
import facts from '../../models/digits.json';

/** A model file that can be chosen. */
export interface ModelChoice {
  readonly title: string;
  /** More about it; '' if no more is known. */
  readonly about: string;
  /** The value of full ink in the images on which it was trained: 1 or 255. */
  readonly ink: number;
  open(): Promise<Uint8Array | ByteSource>;
}

/** The model that ships with the page. */
export const shipped: ModelChoice = {
  title: `ready-made, ${(100 * facts.testAccuracy).toFixed(1)} % right`,
  about: `A small LeNet: ${facts.about}. It gets ${(100 * facts.testAccuracy).toFixed(2)} % of the 10,000 test digits right.`,
  ink: 1,
  async open() {
    const response = await fetch(new URL('../../models/digits.safetensors', import.meta.url));
    if (!response.ok) throw new Error(`got status ${response.status} for ${response.url}, wanted 200`);
    return new Uint8Array(await response.arrayBuffer());
  },
};
