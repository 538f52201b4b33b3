import { Latest } from './latest.ts';
import { Settings } from './settings.ts';

/** A tab of the page. Its module `src/<name>/tab.ts` exports a function that makes it: `createTrainTab(root, app)`. */
export interface Tab {
  /** The tab is visible from now on. */
  show(): void;
  /** The tab is hidden: it should compute nothing that only its display needs. */
  hide(): void;
}

export type CreateTab = (root: HTMLElement, app: App) => Tab;

/** A trained network. */
export interface TrainedModel {
  /** A model file, for `loadModel`. */
  readonly bytes: Uint8Array;
  /** A short description for people. */
  readonly description: string;
  /** The value of full ink in the images that the network was trained on: 1 or 255. */
  readonly ink: number;
}

/** What the tabs share. */
export class App {
  /** The settings of all tabs, in the address. */
  readonly settings = new Settings();
  /** The network that was trained last; null before. */
  readonly trained = new Latest<TrainedModel | null>(null);
}
