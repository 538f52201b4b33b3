import { basename, dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin, Rollup } from 'vite';

type Bundle = Rollup.OutputBundle;

/**
 * Prints the size of each page: the frame and one tab, with all code and styles that they may load, but without digits and
 * models. A page above the limit fails the build.
 *
 * @param limit bytes after gzip.
 */
export const pageSizes = ({ limit }: { limit: number }): Plugin => ({
  name: 'page-sizes',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      const entry = Object.values(bundle).find((file) => file.type === 'chunk' && file.isEntry);
      if (entry?.type !== 'chunk') return;
      const tabs = entry.dynamicImports.filter((name) =>
        chunkOf(bundle, name)?.facadeModuleId?.endsWith('/tab.ts'),
      );
      for (const tab of tabs) {
        const files = neededFiles(bundle, [entry.fileName, tab], tabs);
        const size = [...files].reduce((sum, name) => sum + sizeOf(bundle[name]!), 0);
        const name = basename(dirname(chunkOf(bundle, tab)!.facadeModuleId!));
        console.log(
          `page ${name.padEnd(12)} ${(size / 1000).toFixed(1).padStart(6)} kB gzipped, ${files.size} files`,
        );
        if (size > limit)
          this.error(`the page '${name}' has ${size} bytes after gzip, wanted at most ${limit}`);
      }
    },
  },
});

const chunkOf = (bundle: Bundle, name: string): Rollup.OutputChunk | null => {
  const file = bundle[name];
  return file?.type === 'chunk' ? file : null;
};

const sizeOf = (file: Bundle[string]): number =>
  gzipSync(file.type === 'chunk' ? file.code : file.source).length;

/** The page, and what its first files load; of the tabs only those among the first files. */
function neededFiles(bundle: Bundle, first: readonly string[], tabs: readonly string[]): Set<string> {
  const needed = new Set(['index.html', ...first].filter((name) => name in bundle));
  // A set gives the names that are added while it is walked, too.
  for (const name of needed)
    for (const other of loadedBy(bundle, name))
      if (other in bundle && !tabs.includes(other)) needed.add(other);
  return needed;
}

function loadedBy(bundle: Bundle, name: string): string[] {
  const chunk = chunkOf(bundle, name);
  const styles = [...(chunk?.viteMetadata?.importedCss ?? [])];
  const workers = Object.keys(bundle).filter((other) => {
    const isScript = bundle[other]!.type === 'asset' && other.endsWith('.js');
    return isScript && textOf(bundle[name]!).includes(basename(other));
  });
  return [...(chunk?.imports ?? []), ...(chunk?.dynamicImports ?? []), ...styles, ...workers];
}

const textOf = (file: Bundle[string]): string => {
  if (file.type === 'chunk') return file.code;
  return typeof file.source === 'string' ? file.source : new TextDecoder().decode(file.source);
};
