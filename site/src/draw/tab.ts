import './draw.css';
import type { App, Tab, TrainedModel } from '../app.ts';
import { onDroppedFile } from './dropped-file.ts';
import { shipped } from './models.ts';
import { DrawView } from './view.ts';

/** Draws digits for the ready-made model, the network that was trained last, or a file. */
export function createDrawTab(root: HTMLElement, app: App): Tab {
  const { models } = new DrawView(root);
  models.set('ready-made', shipped);
  const offer = ({ description, bytes, ink }: TrainedModel): void => {
    models.set('trained', { title: 'just trained', about: description, ink, open: async () => bytes });
    void models.choose('trained');
  };
  app.trained.subscribe((trained) => trained !== null && offer(trained));
  if (app.trained.value === null) void models.choose('ready-made');
  else offer(app.trained.value);

  let stop = (): void => {};
  return {
    show() {
      stop = onDroppedFile(root, (file) => void models.openFile(file));
    },
    hide() {
      stop();
    },
  };
}
