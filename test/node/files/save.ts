// Saves a file and prints the error, if there is one.
import { saveFile } from 'ndgrad/node';

const [, , path, size] = process.argv;
await saveFile(path!, new Uint8Array(Number(size))).then(
  () => console.log('saved'),
  ({ name, message }) => console.log(`${name} ${message}`),
);
