// For runtimes with Node's modules: what `train` returns, and a search in workers.
import { inWorkers } from 'ndgrad/node';
import { choice, gridSearch, search } from 'ndgrad/search';
import { train } from './train.mjs';

const { best } = await search({
  space: { a: choice([1, 2, 3]) },
  strategy: gridSearch(),
  objective: { maximize: 'score' },
  trial: inWorkers(new URL('./trial.mjs', import.meta.url), { workers: 2 }),
  progress: false,
});
console.log(JSON.stringify({ ...(await train()), best: best.parameters }));
