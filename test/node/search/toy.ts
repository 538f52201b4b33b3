/** The toy of test/search/support.ts, as a module for workers. */
export { toy as default } from '../../search/support.ts';
