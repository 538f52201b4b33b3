import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { Html, html } from './html.ts';

/** Colours of the page; the style sheet gives them values for light, dark and paper. */
export const ink = 'var(--ink)';
export const muted = 'var(--muted)';
export const faint = 'var(--faint)';
export const accent = 'var(--accent)';
export const second = 'var(--second)';
export const heat = 'var(--heat)';

/** Widths in CSS pixels: of the text on a screen or on paper, and on a phone of 360. */
const wide = 720;
const narrow = 328;

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** A chart as one SVG picture; `label` says to those who can't see it what it shows. */
export function chart(label: string, options: Plot.PlotOptions): Html {
  const svg = Plot.plot({ ...options, document, className: 'plot' });
  // The page's own style sheet has these rules, since its security policy allows no other.
  for (const style of svg.querySelectorAll('style')) style.remove();
  svg.removeAttribute('font-family');
  svg.removeAttribute('font-size');
  for (const element of [svg, ...svg.querySelectorAll('*')]) {
    element.removeAttribute('font-variant');
    if (element !== svg) element.removeAttribute('aria-label');
    for (const name of geometry) {
      const value = element.getAttribute(name);
      if (value !== null) element.setAttribute(name, value.replace(/-?\d+\.\d{2,}/g, short));
    }
  }
  // By the template, since linkedom leaves `&` in attributes as it is.
  return html`<svg role="img" aria-label="${label}"${new Html(svg.outerHTML.replace(/^<svg/, ''))}`;
}

/** A chart drawn twice, for wide and for narrow pages, so that its text has its size on both. */
export function responsive(draw: (width: number) => Html): Html {
  return html`<div class="wide">${draw(wide)}</div><div class="narrow">${draw(narrow)}</div>`;
}

/** A figure: its title and what to know of it, then what is drawn. */
export function figure(title: string, note: Html | undefined, content: Html | readonly Html[]): Html {
  return html`<figure>
<figcaption><strong>${title}</strong>${note && html` ${note}`}</figcaption>
${content}
</figure>`;
}

const geometry = ['x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'width', 'height', 'd', 'transform'];

const short = (number: string) => String(Number(Number(number).toFixed(1)));
