import { Html } from './html.ts';

/** The style sheet of the page: light mode, dark mode and print, for widths from 360 px. */
export const style = new Html(`
:root {
  color-scheme: light dark;
  --paper: #fcfcfa; --ink: #1d1f21; --muted: #5d6166; --faint: #d8dadb; --wash: #f1f2f0;
  --accent: #1a5fb4; --second: #b8500a; --heat: #c2560a; --fill: #d7e5f6; --shadow: rgb(0 0 0 / 0.14);
  --positive: rgb(40 110 200); --negative: rgb(225 110 20);
  --sans: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --ink: #e7e8e6; --muted: #a0a5ab; --faint: #383c41; --wash: #1e2125;
    --accent: #7fb3f5; --second: #f0964a; --heat: #c8601a; --fill: #1d3556; --shadow: rgb(0 0 0 / 0.7);
  }
  .gallery img { filter: invert(1) brightness(0.95); }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 var(--sans); font-variant-numeric: tabular-nums; text-wrap: pretty;
}
main { max-width: 752px; margin: 0 auto; padding: 40px 16px 64px; }
a { color: var(--accent); text-underline-offset: 2px; }
p { margin: 0 0 16px; max-width: 66ch; }
small { font-size: 0.8125em; color: var(--muted); font-weight: 400; }
b, strong { font-weight: 600; }
abbr { text-decoration: none; }
code { font-family: var(--mono); font-size: 0.875em; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.kicker { margin: 0 0 12px; color: var(--muted); font-size: 14px; }
h1 { margin: 0 0 16px; font-size: clamp(26px, 5.2vw, 40px); line-height: 1.15; font-weight: 400; letter-spacing: -0.015em; text-wrap: balance; }
h1 b { font-weight: 650; }
h1 span { display: block; margin-top: 8px; font-size: 0.5em; letter-spacing: 0; color: var(--muted); }
.lead { font-size: 17px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 16px 24px; margin: 24px 0 32px; padding: 16px 0; border-block: 1px solid var(--faint); }
.figures dt, .facts dt { color: var(--muted); font-size: 13px; }
.figures dd { margin: 0; font-size: 22px; line-height: 1.3; }
.figures dd small { font-size: 13px; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 8px; padding: 0; list-style: none; font-size: 14px; }
nav a { display: inline-block; padding: 4px 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }

section { margin-top: 56px; }
h2 { margin: 0 0 12px; font-size: 24px; line-height: 1.25; font-weight: 600; letter-spacing: -0.01em; }
h3 { margin: 0 0 4px; font-size: 14px; line-height: 1.4; font-weight: 600; }
figure { margin: 24px 0 32px; }
figcaption { margin-bottom: 12px; max-width: 76ch; font-size: 14px; line-height: 1.5; color: var(--muted); }
figcaption strong { color: var(--ink); }
.note { margin-top: 12px; font-size: 14px; color: var(--muted); }
.plot { display: block; max-width: 100%; height: auto; font: 11px var(--sans); font-variant-numeric: tabular-nums; overflow: visible; }
.plot text { white-space: pre; }
.narrow { display: none; }

table { border-collapse: collapse; width: 100%; font-size: 14px; line-height: 1.35; }
th, td { padding: 7px 0 7px 14px; text-align: right; vertical-align: baseline; font-weight: 400; white-space: nowrap; }
th:first-child, caption { padding-left: 0; text-align: left; }
thead th { color: var(--muted); font-size: 13px; vertical-align: bottom; white-space: normal; }
thead { border-bottom: 1px solid var(--ink); }
tbody tr { border-bottom: 1px solid var(--faint); }
tbody th { font-weight: 600; }
caption { padding: 0 0 6px; font-size: 14px; font-weight: 600; }
.scroll {
  overflow-x: auto;
  background:
    linear-gradient(to left, var(--paper) 40%, transparent) right / 40px 100% no-repeat local,
    linear-gradient(to left, var(--shadow), transparent) right / 14px 100% no-repeat scroll;
}
.results { margin-top: 20px; }
.results th:first-child { white-space: normal; }
.results th small { display: block; line-height: 1.35; }
.results .range { width: 210px; padding-block: 0; vertical-align: middle; text-align: left; }
.results thead .range { vertical-align: bottom; }
td small { white-space: nowrap; }
.results thead small, .results .below, .stacked small { display: block; }
.results thead small { white-space: nowrap; }
.results .range .plot { max-width: none; }
.results .best th:first-child, .results .best td[data-label=Errors] { color: var(--accent); }
.results .best td { font-weight: 600; }
.published th { font-weight: 400; }
.published tr:first-child th { padding-top: 16px; color: var(--muted); font-size: 13px; }
.none { color: var(--muted); }
.matrix { width: auto; }
.matrix th, .matrix td { min-width: 58px; padding: 5px 8px; text-align: center; border: 0; }
.matrix tbody tr { border: 0; }
.matrix thead { border: 0; }
.matrix th[scope=row] { padding-left: 0; text-align: left; font-weight: 600; white-space: nowrap; }
.matrix .number { display: inline-block; min-width: 1.4em; font-weight: 400; color: var(--muted); }
.matrix td { color: var(--muted); border: 2px solid var(--paper); background: var(--wash); }
.matrix thead td { background: none; }
.matrix .significant { color: var(--ink); background: var(--fill); }
.scores { width: auto; display: inline-table; margin: 8px 40px 16px 0; font-size: 13px; }
.scores th, .scores td { padding-block: 3px; }
.runs { font-size: 13px; }
.runs th, .runs td { padding-block: 4px; vertical-align: top; }

.grid { display: grid; gap: 20px 16px; }
.grid.small { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
.grid.large { grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 28px 32px; }
.panel { break-inside: avoid; min-width: 0; }
.key { color: var(--ink); white-space: nowrap; }
.key::before { content: ''; display: inline-block; width: 1.4em; margin-right: 0.35em; vertical-align: 0.28em; border-top: 2px solid; }
.key.training::before { border-top: 2px dashed var(--second); }
.key.validation::before { border-color: var(--accent); }
.key.positive::before, .key.negative::before { width: 0.8em; height: 0.8em; border: 0; vertical-align: -0.06em; background: var(--positive); }
.key.negative::before { background: var(--negative); }
details { margin: 16px 0; }
summary { cursor: pointer; padding: 4px 0; color: var(--accent); }

.gallery, .filters { display: grid; margin: 0; padding: 0; list-style: none; }
.gallery { grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); gap: 22px 16px; font-size: 13px; line-height: 1.4; }
.gallery.named { grid-template-columns: repeat(auto-fill, minmax(136px, 1fr)); }
.gallery li { break-inside: avoid; }
.gallery li > span { display: flex; justify-content: space-between; max-width: 84px; white-space: nowrap; }
.gallery.named li > span { max-width: none; }
.gallery img { display: block; width: 84px; height: 84px; margin-bottom: 6px; outline: 1px solid #8888; }
.gallery .said { color: var(--second); }
.gallery .p { color: var(--muted); }
.gallery .said .p { color: inherit; }
img { image-rendering: pixelated; }
.filters { gap: 4px; text-align: center; }
.filters.dense { grid-template-columns: repeat(auto-fill, 56px); }
.filters.convolution { grid-template-columns: repeat(auto-fill, 42px); gap: 8px; }
.filters img { display: block; width: 100%; height: auto; outline: 1px solid var(--faint); }

pre { margin: 0 0 16px; padding: 12px 16px; overflow-x: auto; background: var(--wash); border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(148px, 1fr)); gap: 12px 24px; margin: 0 0 24px; }
.facts dd { margin: 0; }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--faint); font-size: 13px; color: var(--muted); }

@media screen and (max-width: 719px) {
  main { padding-top: 24px; }
  .wide { display: none; }
  .narrow { display: block; }
  section { margin-top: 44px; }
  .results, .results tbody { display: block; }
  .results thead { display: block; border: 0; }
  .results thead th:not(.range) { display: none; }
  .results thead tr, .results thead .range { display: block; padding: 0; }
  .results tr { display: grid; grid-template-columns: 56px 1fr 66px 66px; gap: 6px 8px; padding: 12px 0; }
  .results th, .results td { padding: 0; }
  .results tbody th:first-child, .results td.range { grid-column: 1 / -1; }
  .results .range { width: auto; }
  .results .stacked small, .results .below { white-space: nowrap; }
  .results td:not(.range) { text-align: left; white-space: normal; }
  .results td[data-label]::before { content: attr(data-label); display: block; font-size: 12px; font-weight: 400; color: var(--muted); }
  .results .none { display: none; }
  .matrix { font-size: 12px; }
  .matrix th, .matrix td { min-width: 50px; padding-inline: 2px; }
}
@media print {
  @page { margin: 14mm 12mm; }
  body { font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  section { margin-top: 32px; }
  p { orphans: 3; widows: 3; }
  h2, h2 + p, h3, figcaption { break-after: avoid; }
  h2 + p { break-inside: avoid; }
  th, td { padding-block: 4px; }
  .runs th, .runs td { padding-block: 2px; }
  .filters.dense { gap: 2px; }
  footer { margin-top: 24px; }
  figure, tr, .panel { break-inside: avoid; }
  figure:has(.grid, .filters) { break-inside: auto; }
  .published { break-inside: avoid; }
  .scroll { overflow: visible; background: none; }
  details:not([open]) { display: none; }
  a { color: inherit; text-decoration: none; }
}
`);
