// Usage: node train.mjs [js | wasm [number of threads]]
import { setBackend, setThreads } from 'ndgrad';
import { train } from './program.mjs';

const [backend, threads] = process.argv.slice(2);
if (backend !== undefined) await setBackend(backend);
if (threads !== undefined) setThreads(Number(threads));
console.log(JSON.stringify(await train()));
