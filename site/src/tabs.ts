import type { App, CreateTab, Tab } from './app.ts';
import { element } from './dom.ts';

export interface TabEntry {
  readonly title: string;
  load(): Promise<CreateTab>;
}

/** Fills the list of tabs, and shows the one that the address names, or the first. */
export function showTabs(entries: Readonly<Record<string, TabEntry>>, app: App): void {
  const names = Object.keys(entries);
  const list = document.querySelector<HTMLElement>('[role=tablist]')!;
  const main = document.querySelector('main')!;
  const made = new Map<string, Promise<Tab>>();
  let current = '';

  const panels = new Map(
    names.map((name) => {
      const panel = element('section', { id: `panel-${name}`, role: 'tabpanel', hidden: true });
      panel.setAttribute('aria-labelledby', `tab-${name}`);
      main.append(panel);
      return [name, panel];
    }),
  );
  const buttons = new Map(
    names.map((name) => {
      const button = element(
        'button',
        { id: `tab-${name}`, type: 'button', role: 'tab' },
        entries[name]!.title,
      );
      button.setAttribute('aria-controls', `panel-${name}`);
      button.addEventListener('click', () => show(name));
      list.append(button);
      return [name, button];
    }),
  );

  /** Makes the tab when it is shown for the first time. */
  const tabOf = (name: string): Promise<Tab> => {
    const panel = panels.get(name)!;
    const making =
      made.get(name) ??
      entries[name]!.load().then((create) => {
        panel.replaceChildren();
        return create(panel, app);
      });
    made.set(name, making);
    return making;
  };

  const show = async (name: string): Promise<void> => {
    if (name === current) return;
    const before = current;
    current = name;
    for (const [other, button] of buttons) {
      button.ariaSelected = String(other === name);
      button.tabIndex = other === name ? 0 : -1;
      panels.get(other)!.hidden = other !== name;
    }
    app.settings.write({ tab: name === names[0] ? null : name });
    if (before !== '') (await made.get(before))?.hide();
    try {
      const tab = await tabOf(name);
      if (current === name) tab.show();
    } catch (error) {
      made.delete(name);
      panels
        .get(name)!
        .replaceChildren(
          element('p', { className: 'error', role: 'alert' }, `This tab can't be shown: ${error}`),
        );
    }
  };

  list.addEventListener('keydown', (event) => {
    const places: Record<string, number> = {
      ArrowRight: (names.indexOf(current) + 1) % names.length,
      ArrowLeft: (names.indexOf(current) + names.length - 1) % names.length,
      Home: 0,
      End: names.length - 1,
    };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    buttons.get(names[place]!)!.focus();
    void show(names[place]!);
  });

  const wanted = app.settings.read('tab') ?? '';
  void show(names.includes(wanted) ? wanted : names[0]!);
}
