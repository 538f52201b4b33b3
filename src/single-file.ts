/** What `ndgrad.min.js` contains: the entry points that need neither Node nor other packages, in one file. */

export * from './browser.ts';
export * from './data.ts';
export * from './index.ts';
export * from './metrics.ts';
export * from './search.ts';
