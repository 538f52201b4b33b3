/** A place on the paper, which goes from 0 to 1 along both axes; y goes down. */
export type Point = readonly [x: number, y: number];

/** The line that a pen draws without being lifted. */
export type Stroke = readonly Point[];

/** A drawing, with the drawings before each stroke and each time that it was cleared. */
export class Drawing {
  #strokes: readonly Stroke[] = [];
  readonly #before: (readonly Stroke[])[] = [];

  get strokes(): readonly Stroke[] {
    return this.#strokes;
  }

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  /** Puts the pen down. */
  begin(point: Point): void {
    this.#change([...this.#strokes, [point]]);
  }

  /** Moves the pen. */
  extend(point: Point): void {
    const last = this.#strokes.at(-1) ?? [];
    this.#strokes = [...this.#strokes.slice(0, -1), [...last, point]];
  }

  /** Takes the last stroke away, or brings back what was cleared. */
  undo(): void {
    this.#strokes = this.#before.pop() ?? this.#strokes;
  }

  clear(): void {
    if (this.#strokes.length > 0) this.#change([]);
  }

  #change(strokes: readonly Stroke[]): void {
    this.#before.push(this.#strokes);
    this.#strokes = strokes;
  }
}
