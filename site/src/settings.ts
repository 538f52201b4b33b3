/**
 * Named texts in the fragment of the address, such as `#tab=train&seed=1`. A link with them shows the same page. Each tab has
 * names of its own; only values that differ from the defaults are written.
 */
export class Settings {
  readonly #values = new URLSearchParams(location.hash.slice(1));

  constructor() {
    // Somebody has entered another fragment: begin again with it.
    addEventListener('hashchange', () => location.reload());
  }

  /** Null if the address does not have it. */
  read(name: string): string | null {
    return this.#values.get(name);
  }

  /** Changes the address; null removes a name. */
  write(changes: Readonly<Record<string, string | null>>): void {
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) this.#values.delete(name);
      else this.#values.set(name, value);
    }
    history.replaceState(null, '', `#${this.#values}`);
  }
}
