/** Text that is HTML and is not escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** The values of a template: strings and numbers are escaped, undefined gives no text, lists are joined. */
export type Content = string | number | Html | undefined | readonly Content[];

/** A template tag that escapes its values, in text and in quoted attributes. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(parts.map((part, i) => (i === 0 ? part : render(values[i - 1]) + part)).join(''));
}

/** Joins items with commas, and with `and` before the last one. */
export function enumerate(items: readonly Content[]): Html {
  const [last, ...others] = [...items].reverse();
  const before = others.reverse().flatMap((item, i) => (i === 0 ? [item] : [', ', item]));
  return before.length === 0 ? html`${last}` : html`${before} and ${last}`;
}

function render(value: Content): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
