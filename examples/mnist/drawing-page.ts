import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeAtomically } from './output.ts';
import { Html, html } from './report/html.ts';
import { mostAccurate, type Outcome } from './results.ts';
import type { SavedModels } from './saved-models.ts';

const entry = fileURLToPath(new URL('../../site/src/draw/standalone.ts', import.meta.url));

/**
 * Writes `draw.html` into a directory: a page in which one draws digits for the most accurate network, or for the first member if
 * that is an ensemble. It is one file that opens without a server, and needs no other. Returns its name.
 */
export async function writeDrawingPage(
  dir: string,
  outcomes: readonly Outcome[],
  saved: SavedModels,
): Promise<string> {
  const { configuration } = mostAccurate(outcomes).networks[0]!;
  const { about } = outcomes.find(({ result }) => result.name === configuration.model) ?? { about: '' };
  const model = await readFile(saved.path(configuration));
  const page = drawingPage(
    await bundle(),
    model,
    `${configuration.model}, seed ${configuration.seed}`,
    about,
  );
  const name = 'draw.html';
  await writeAtomically(join(dir, name), page);
  return name;
}

interface Bundle {
  readonly script: string;
  readonly style: string;
}

/** Bundles the page of the folder `site`. */
async function bundle(): Promise<Bundle> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [entry],
    outdir: 'out', // nothing is written
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
  });
  const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))!.text;
  // The tag would end at a text that looks like its end.
  return { script: text('.js').replaceAll('</script', '<\\/script'), style: text('.css') };
}

function drawingPage({ script, style }: Bundle, model: Buffer, title: string, about: string): string {
  const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = [
    "default-src 'none'",
    `script-src ${sha256(script)} 'wasm-unsafe-eval'`,
    'worker-src blob:',
    `style-src ${sha256(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Draw a digit for ${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<header><h1>Draw a digit for <span class="brand">${title}</span></h1></header>
<main data-title="${title}" data-about="${about}"></main>
<footer><a href="report.html">Report</a></footer>
<script type="text/plain" id="model">${new Html(model.toString('base64'))}</script>
<script type="module">${new Html(script)}</script>
</body>
</html>
`.text;
}
