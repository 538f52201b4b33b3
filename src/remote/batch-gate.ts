/** Lets the batches of a training pass, or holds them back. */
export class BatchGate {
  /** How many batches may still pass. */
  #left = Number.POSITIVE_INFINITY;
  /** Lets the training go on that waits here. */
  #open: (() => void) | null = null;
  #ended = false;
  /** Called when the training waits here or has ended. */
  #whenHeld: (() => void)[] = [];

  /** Resolves when the next batch may run. */
  async enter(): Promise<void> {
    while (this.#left === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#open = resolve;
        this.#report();
      });
    }
  }

  /** A batch has ended. */
  leave(): Promise<void> {
    if (this.#left > 0) this.#left--;
    return this.enter();
  }

  /** Lets some batches pass. Resolves when the training then waits for more, or has ended. */
  allow(batches: number): Promise<void> {
    this.#left = batches;
    const held = new Promise<void>((resolve) => this.#whenHeld.push(resolve));
    // One that waits here is held already.
    if (this.#ended || (batches === 0 && this.#open !== null)) this.#report();
    else if (batches > 0) this.#pass();
    return held;
  }

  /** Lets all batches pass. */
  open(): void {
    this.#left = Number.POSITIVE_INFINITY;
    this.#pass();
  }

  /** Training has ended, or is to end. */
  end(): void {
    this.#ended = true;
    this.#pass();
    this.#report();
  }

  #pass(): void {
    this.#open?.();
    this.#open = null;
  }

  #report(): void {
    for (const resolve of this.#whenHeld.splice(0)) resolve();
  }
}
