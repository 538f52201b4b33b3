type Child = Node | string | null;

type Attributes<E> = { readonly [K in keyof E]?: E[K] | undefined } & {
  readonly [attribute: `aria-${string}` | `data-${string}`]: string;
};

/** Makes an element with properties, `aria-` and `data-` attributes, and content. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes<HTMLElementTagNameMap[K]> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (/^(aria|data)-/.test(name)) made.setAttribute(name, String(value));
    else if (value !== undefined) (made as Record<string, unknown>)[name] = value;
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

let ids = 0;

/** A form control under its label. */
export function labeled<E extends HTMLElement>(text: string, control: E, hint = ''): HTMLLabelElement {
  control.id ||= `control-${++ids}`;
  return element(
    'label',
    { htmlFor: control.id, className: 'field', title: hint },
    element('span', { className: 'label' }, text),
    control,
  );
}

/** A list of options to choose from. */
export function choice<T extends string>(
  options: Readonly<Record<T, string>>,
  value: T,
  onChange: (value: T) => void,
): HTMLSelectElement {
  const items = Object.entries<string>(options).map(([name, text]) =>
    element('option', { value: name, selected: name === value }, text),
  );
  const select = element('select', {}, ...items);
  select.addEventListener('change', () => onChange(select.value as T));
  return select;
}

export function button(text: string, onClick: () => unknown, className = ''): HTMLButtonElement {
  const made = element('button', { type: 'button', className }, text);
  made.addEventListener('click', () => void onClick());
  return made;
}
