import { App } from './app.ts';
import { isolate } from './environment/isolate.ts';
import { environmentReport } from './environment/report.ts';
import { showTabs, type TabEntry } from './tabs.ts';

/** The tabs in their order. Each is loaded when it is shown for the first time. */
const tabs: Readonly<Record<string, TabEntry>> = {
  train: { title: 'Train', load: async () => (await import('./train/tab.ts')).createTrainTab },
  draw: { title: 'Draw', load: async () => (await import('./draw/tab.ts')).createDrawTab },
  boundaries: {
    title: 'Boundaries',
    load: async () => (await import('./boundaries/tab.ts')).createBoundariesTab,
  },
};

await isolate();
showTabs(tabs, new App());
document.querySelector('footer')!.append(await environmentReport());
