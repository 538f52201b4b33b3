/** A layer in the list that the user edits. */
export type LayerSpec =
  | { readonly kind: 'dense'; readonly units: number; readonly activation: ActivationChoice }
  | { readonly kind: 'dropout'; readonly rate: number }
  | { readonly kind: 'norm' }
  | {
      readonly kind: 'conv';
      readonly filters: number;
      readonly size: number;
      readonly activation: ActivationChoice;
    }
  | { readonly kind: 'pool'; readonly size: number };

export const layerKinds: Readonly<Record<LayerSpec['kind'], string>> = {
  dense: 'Dense',
  dropout: 'Dropout',
  norm: 'BatchNorm',
  conv: 'Conv2D',
  pool: 'MaxPool2D',
};

export const activationChoices = {
  relu: 'relu',
  leakyRelu: 'leakyRelu',
  gelu: 'gelu',
  silu: 'silu',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  linear: 'linear',
} as const;
export type ActivationChoice = keyof typeof activationChoices;

/** What a new layer of a kind begins with. */
export const newLayers: { readonly [K in LayerSpec['kind']]: LayerSpec } = {
  dense: { kind: 'dense', units: 64, activation: 'relu' },
  dropout: { kind: 'dropout', rate: 0.2 },
  norm: { kind: 'norm' },
  conv: { kind: 'conv', filters: 16, size: 3, activation: 'relu' },
  pool: { kind: 'pool', size: 2 },
};

/** Networks to begin with. */
export const presets = {
  'dense-128-relu_dropout-0.2_dense-128-relu': 'two hidden layers of 128',
  '': 'no hidden layer (softmax regression)',
  'dense-32-relu': 'one hidden layer of 32',
  'dense-512-relu_dropout-0.2_dense-512-relu': 'two hidden layers of 512',
  'conv-24-5-relu_pool-2_conv-32-3-relu_pool-2_dense-256-relu': 'LeNet: two convolutions',
  'conv-8-5-relu_pool-2_dense-64-relu': 'one small convolution',
} as const;

const isCount = (n: number, most: number): boolean => Number.isSafeInteger(n) && n >= 1 && n <= most;

/** The numbers that the fields of a layer may have. */
export function isValid(spec: LayerSpec): boolean {
  switch (spec.kind) {
    case 'dense':
      return isCount(spec.units, 4096);
    case 'dropout':
      return spec.rate >= 0 && spec.rate < 1;
    case 'norm':
      return true;
    case 'conv':
      return isCount(spec.filters, 256) && isCount(spec.size, 11);
    case 'pool':
      return isCount(spec.size, 4);
  }
}

/** `dense-128-relu_dropout-0.2`: what the address has for a network. */
export const formatNetwork = (network: readonly LayerSpec[]): string =>
  network.map((spec) => Object.values(spec).join('-')).join('_');

/** Null for a text that is no network. */
export function parseNetwork(text: string): LayerSpec[] | null {
  if (text === '') return [];
  const network: LayerSpec[] = [];
  for (const part of text.split('_')) {
    const spec = parseLayer(part.split('-'));
    if (spec === null || !isValid(spec)) return null;
    network.push(spec);
  }
  return network;
}

function parseLayer([kind, ...values]: readonly string[]): LayerSpec | null {
  const [first, second] = values.map(Number) as [number, number];
  const activation = values.at(-1) as ActivationChoice;
  const isActivation = Object.hasOwn(activationChoices, activation ?? '');
  if (kind === 'dense' && isActivation) return { kind, units: first, activation };
  if (kind === 'dropout') return { kind, rate: first };
  if (kind === 'norm') return { kind };
  if (kind === 'conv' && isActivation) return { kind, filters: first, size: second, activation };
  return kind === 'pool' ? { kind, size: first } : null;
}
