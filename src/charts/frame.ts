import { refusal } from '../ir/arguments.ts';
import type { PageElement } from '../util/host-types.ts';

/** The colors of series, in this order. */
export const SERIES = ['blue', 'orange', 'green', 'purple', 'pink', 'teal'] as const;
export type Color = (typeof SERIES)[number] | 'text' | 'muted' | 'grid';

// Pages may set the same variables to colors of their own.
const STYLE = `
:host {
  display: block;
  color-scheme: light dark;
  font: 13px/1.4 system-ui, sans-serif;
  --text: var(--ndgrad-text, #1f2937);
  --muted: var(--ndgrad-muted, #6b7280);
  --grid: var(--ndgrad-grid, #e5e7eb);
  --blue: var(--ndgrad-blue, #2563eb);
  --orange: var(--ndgrad-orange, #d97706);
  --green: var(--ndgrad-green, #059669);
  --purple: var(--ndgrad-purple, #7c3aed);
  --pink: var(--ndgrad-pink, #db2777);
  --teal: var(--ndgrad-teal, #0891b2);
  color: var(--text);
}
@media (prefers-color-scheme: dark) {
  :host {
    --text: var(--ndgrad-text, #e5e7eb);
    --muted: var(--ndgrad-muted, #9ca3af);
    --grid: var(--ndgrad-grid, #374151);
    --blue: var(--ndgrad-blue, #60a5fa);
    --orange: var(--ndgrad-orange, #fbbf24);
    --green: var(--ndgrad-green, #34d399);
    --purple: var(--ndgrad-purple, #a78bfa);
    --pink: var(--ndgrad-pink, #f472b6);
    --teal: var(--ndgrad-teal, #22d3ee);
  }
}
.title { font-weight: 600; margin: 0 0 6px; }
`;

/** The place of one chart in a page: an element with styles of its own. */
export interface Frame {
  /** What screen readers read as an image; a chart of text has none. */
  readonly body: HTMLElement;
  /** A color of the current scheme. */
  color(name: Color): string;
  /** Describes the chart to screen readers. */
  describe(text: string): void;
  /** Calls `draw` when the page changes between light and dark, or the chart its width. */
  onChange(draw: () => void): void;
}

/**
 * Replaces the content of an element by a frame.
 *
 * @throws ValueError unless it is an element of a page.
 */
export function openFrame(operation: string, element: PageElement, title: string, style = ''): Frame {
  const { ownerDocument: document, replaceChildren } = Object(element) as Partial<HTMLElement>;
  if (typeof replaceChildren !== 'function' || document === undefined)
    throw refusal(operation, 'element', element, "an element of the page: document.getElementById('chart')");
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  // Unlike a style element it needs no permission of the content-security policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE + style);
  root.adoptedStyleSheets = [sheet];
  if (title !== '') {
    const heading = document.createElement('div');
    heading.className = 'title';
    heading.textContent = title;
    root.append(heading);
  }
  const body = document.createElement('div');
  root.append(body);
  (element as HTMLElement).replaceChildren(host);
  return {
    body,
    color: (name) => getComputedStyle(host).getPropertyValue(`--${name}`),
    describe(text) {
      body.setAttribute('role', 'img');
      body.setAttribute('aria-label', title === '' ? text : `${title}: ${text}`);
    },
    onChange(draw) {
      matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
      new ResizeObserver(draw).observe(body);
    },
  };
}

/** A number for people: four significant digits. */
export const short = (value: number): string => String(Number(value.toPrecision(4)));
