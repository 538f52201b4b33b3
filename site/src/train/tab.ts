import type { App, Tab } from '../app.ts';
import { element } from '../dom.ts';

export function createTrainTab(root: HTMLElement, _app: App): Tab {
  root.append(element('h2', {}, 'Train'));
  return { show() {}, hide() {} };
}
