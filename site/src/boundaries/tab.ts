import type { App, Tab } from '../app.ts';
import { element } from '../dom.ts';

export function createBoundariesTab(root: HTMLElement, _app: App): Tab {
  root.append(element('h2', {}, 'Boundaries'));
  return { show() {}, hide() {} };
}
