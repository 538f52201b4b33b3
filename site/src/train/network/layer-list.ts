import { button, choice, element } from '../../dom.ts';
import {
  activationChoices,
  formatNetwork,
  isValid,
  type LayerSpec,
  layerKinds,
  newLayers,
  parseNetwork,
  presets,
} from './layer-spec.ts';

/** The list of a network's layers, which the user edits. */
export function layerList(network: readonly LayerSpec[], onChange: (network: readonly LayerSpec[]) => void) {
  const items = element('ol', { className: 'layers' });
  const root = element('div', { className: 'stack' });
  let current = network;

  const controls = (): Element[] => [...items.querySelectorAll('input, select, button')];

  const change = (next: readonly LayerSpec[]): void => {
    current = next;
    draw();
    onChange(next);
  };

  const draw = (): void => {
    const focused = controls().indexOf(document.activeElement!);
    items.replaceChildren(
      ...current.map((spec, place) =>
        row(spec, place, {
          set: (next) => change(current.with(place, next)),
          remove: () => change(current.toSpliced(place, 1)),
          move: (to) => change(current.toSpliced(place, 1).toSpliced(to, 0, spec)),
          count: current.length,
        }),
      ),
    );
    // The list is new, and who uses the keyboard stays at the same place of it.
    if (focused >= 0) (controls()[focused] as HTMLElement | undefined)?.focus();
    const text = formatNetwork(current);
    preset.value = text in presets ? text : 'own';
  };

  const preset = choice<string>({ ...presets, own: 'your own' }, '', (text) => {
    const chosen = parseNetwork(text);
    if (text !== 'own' && chosen !== null) change(chosen);
  });
  preset.ariaLabel = 'Network to begin with';
  const add = choice<string>({ '': 'Add a layer …', ...layerKinds }, '', (kind) => {
    add.value = '';
    const spec = newLayers[kind as LayerSpec['kind']];
    // Convolutions come before the first Dense layer, which takes images apart.
    const dense = current.findIndex(({ kind }) => kind === 'dense');
    const isImage = spec.kind === 'conv' || spec.kind === 'pool';
    change(current.toSpliced(isImage && dense >= 0 ? dense : current.length, 0, spec));
  });
  add.ariaLabel = 'Add a layer';
  root.append(preset, items, add);
  draw();
  return {
    root,
    show(next: readonly LayerSpec[]): void {
      current = next;
      draw();
    },
  };
}

interface RowActions {
  set(spec: LayerSpec): void;
  remove(): void;
  move(to: number): void;
  readonly count: number;
}

function row(spec: LayerSpec, place: number, { set, remove, move, count }: RowActions): HTMLLIElement {
  const name = `Layer ${place + 1}, ${layerKinds[spec.kind]}`;
  const action = (text: string, what: string, act: () => void, isPossible = true): HTMLButtonElement => {
    const made = button(text, act, 'plain');
    made.ariaLabel = `${what}: ${name}`;
    made.title = what;
    made.disabled = !isPossible;
    return made;
  };
  return element(
    'li',
    {},
    element('span', { className: 'kind' }, layerKinds[spec.kind]),
    ...fields(spec, name, set),
    element(
      'span',
      { className: 'actions' },
      action('↑', 'Move up', () => move(place - 1), place > 0),
      action('↓', 'Move down', () => move(place + 1), place < count - 1),
      action('×', 'Remove', remove),
    ),
  );
}

/** The fields of a layer's numbers and its activation. */
function fields(spec: LayerSpec, name: string, set: (spec: LayerSpec) => void): HTMLElement[] {
  const numberField = (what: string, value: number, step: number, change: (value: number) => LayerSpec) => {
    const input = element('input', { type: 'number', value: String(value), step: String(step), min: '0' });
    input.ariaLabel = `${what} of ${name}`;
    input.title = what;
    input.addEventListener('change', () => {
      const next = change(input.valueAsNumber);
      if (isValid(next)) set(next);
      else input.value = String(value);
    });
    return input;
  };
  if (spec.kind === 'norm') return [];
  if (spec.kind === 'dropout') return [numberField('Rate', spec.rate, 0.05, (rate) => ({ ...spec, rate }))];
  if (spec.kind === 'pool') return [numberField('Window', spec.size, 1, (size) => ({ ...spec, size }))];
  const activation = choice(activationChoices, spec.activation, (activation) => set({ ...spec, activation }));
  activation.ariaLabel = `Activation of ${name}`;
  if (spec.kind === 'dense')
    return [numberField('Units', spec.units, 1, (units) => ({ ...spec, units })), activation];
  return [
    numberField('Filters', spec.filters, 1, (filters) => ({ ...spec, filters })),
    numberField('Window', spec.size, 1, (size) => ({ ...spec, size })),
    activation,
  ];
}
