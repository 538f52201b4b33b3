// The drawing page as one file with a model inside, which opens from a disk too: examples/mnist/drawing-page.ts makes it.
import '../style.css';
import './draw.css';
import { onDroppedFile } from './dropped-file.ts';
import { DrawView } from './view.ts';

const main = document.querySelector('main')!;
const { title = '', about = '' } = main.dataset;
const encoded = document.querySelector('#model')!.textContent!;
const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));

const { models } = new DrawView(main);
models.set('own', { title, about, ink: 1, open: async () => bytes });
void models.choose('own');
onDroppedFile(main, (file) => void models.openFile(file));
