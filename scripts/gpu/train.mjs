// Usage: node train.mjs [options of gpu() as JSON]. Without options it trains on the CPU.
import { setBackend } from 'ndgrad';
import { train } from './program.mjs';

const [options] = process.argv.slice(2);
if (options !== undefined) {
  const { gpu } = await import('ndgrad/gpu');
  await setBackend(await gpu(JSON.parse(options)));
}
console.log(JSON.stringify(await train()));
