import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { Html, html } from './html.ts';

/** Colors of the page. The style sheet defines them for light mode, dark mode and print. */
export const ink = 'var(--ink)';
export const muted = 'var(--muted)';
export const faint = 'var(--faint)';
export const accent = 'var(--accent)';
export const second = 'var(--second)';
export const heat = 'var(--heat)';

/** Widths of charts in CSS pixels: on a screen or paper, and on a phone with 360 pixels. */
const wide = 720;
const narrow = 328;

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** A chart as one SVG image. `label` describes it for screen readers. */
export function chart(label: string, options: Plot.PlotOptions): Html {
  const svg = Plot.plot({ ...options, document, className: 'plot' });
  // The style sheet of the page has these rules, since its security policy allows no other style.
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
  // Set with the template, since linkedom does not escape `&` in attributes.
  return html`<svg role="img" aria-label="${label}"${new Html(svg.outerHTML.replace(/^<svg/, ''))}`;
}

/** A chart drawn twice, for wide and for narrow pages, so that its text has the same size on both. */
export function responsive(draw: (width: number) => Html): Html {
  return html`<div class="wide">${draw(wide)}</div><div class="narrow">${draw(narrow)}</div>`;
}

/** A figure with a title, a note and its content. */
export function figure(title: string, note: Html | undefined, content: Html | readonly Html[]): Html {
  return html`<figure>
<figcaption><strong>${title}</strong>${note && html` ${note}`}</figcaption>
${content}
</figure>`;
}

const geometry = ['x', 'y', 'x1', 'x2', 'y1', 'y2', 'cx', 'cy', 'r', 'width', 'height', 'd', 'transform'];

const short = (number: string) => String(Number(Number(number).toFixed(1)));
