import { describe, expect, it } from 'vitest';
import {
  Dense,
  type Layer,
  loadModel,
  Residual,
  Sequential,
  saveModel,
  ValueError,
} from '../../../src/index.ts';
import { writeSafetensors } from '../../../src/io.ts';
import { CountingSource, errorOf } from '../support.ts';
import { changedFile } from './support.ts';

const good = await saveModel(
  new Sequential([new Residual(new Dense(2, 2)), new Dense(2, 1)] as Layer[]) as Layer,
);

const withModel = (model: string): Promise<Uint8Array> =>
  changedFile(good, ({ metadata }) => {
    metadata.model = model;
  });
const layers = (list: readonly unknown[], root = list.length - 1): string =>
  JSON.stringify({ layers: list, root });
const sequential = (...inner: number[]): unknown => ({
  kind: 'Sequential',
  args: [inner.map(($layer) => ({ $layer }))],
});
const dense = { kind: 'Dense', args: [2, 2] };

const cases: Record<string, readonly [model: string, message: RegExp]> = {
  'no JSON': ['{', /text that is no JSON in the file's 'model'/],
  'a number': ['5', /got no layers/],
  'no list of layers': ['{"layers":{},"root":0}', /got no layers/],
  'an entry without arguments': [layers([{ kind: 'Dense' }]), /an object as layer 0/],
  'an entry that is null': [layers([null]), /null as layer 0/],
  'a root that does not exist': [layers([dense], 1), /root 1/],
  'a root that is text': ['{"layers":[],"root":"length"}', /root 'length'/],
  'a layer inside itself': [layers([dense, sequential(1)]), /layer 1 inside layer 1/],
  'layers inside each other': [layers([sequential(1), sequential(0)]), /layer 1 inside layer 0/],
  'a layer that is no number': [
    layers([dense, { kind: 'Residual', args: [{ $layer: 'length' }] }]),
    /layer 'length'/,
  ],
  'a layer that is a fraction': [layers([dense, { kind: 'Residual', args: [{ $layer: 0.5 }] }]), /layer 0.5/],
  'a layer below 0': [layers([dense, { kind: 'Residual', args: [{ $layer: -1 }] }]), /layer -1/],
  'an unknown kind': [layers([{ kind: 'Nothing', args: [] }]), /unknown kinds 'Nothing'/],
  'a kind of every object': [layers([{ kind: '__proto__', args: [] }]), /unknown kinds '__proto__'/],
  'a kind that is a method': [layers([{ kind: 'constructor', args: [] }]), /unknown kinds 'constructor'/],
  'the base class': [layers([{ kind: 'Layer', args: [] }]), /unknown kinds 'Layer'/],
  'an option __proto__': [
    '{"layers":[{"kind":"Dense","args":[2,2,{"__proto__":{"bias":false}}]}],"root":0}',
    /'__proto__' in layer 0/,
  ],
  'an unknown value': [
    layers([{ kind: 'Dense', args: [2, { $value: 'eval' }] }]),
    /'\$value' 'eval' in layer 0/,
  ],
  'an unknown form': [layers([{ kind: 'Dense', args: [2, { $code: 'x' }] }]), /'\$code' 'x' in layer 0/],
  'an unknown option': [
    layers([{ kind: 'Dense', args: [2, 2, { evil: 1 }] }]),
    /'Dense' refuses: .*unknown option 'evil'/,
  ],
  'sizes that are text': [layers([{ kind: 'Dense', args: ['2', 2] }]), /'Dense' refuses/],
  'objects for names': [
    layers([{ kind: 'Dense', args: [2, 2, { name: {} }] }]),
    /'Dense' refuses: .*name an object/,
  ],
  'enormous sizes': [layers([{ kind: 'Dense', args: [1e6, 1e6] }]), /'kernel' is missing; 'bias' is missing/],
  'an enormous Sequential': [
    layers([{ kind: 'Dense', args: [2, 2] }, sequential(...new Array(100_001).fill(0))]),
    /more than 100000 layers/,
  ],
  doubling: [
    layers([dense, ...Array.from({ length: 40 }, (_, i) => sequential(i, i))]),
    /more than 100000 layers/,
  ],
  'layers in layers': [
    layers([dense, ...Array.from({ length: 80 }, (_, i) => sequential(i))]),
    /more than 64 layers inside each other/,
  ],
  'deep JSON': [`{"layers":${'['.repeat(1e5)}`, /more than 64 levels in the file's 'model'/],
  'deep arguments': [
    layers([{ kind: 'Dense', args: [JSON.parse('['.repeat(60) + ']'.repeat(60))] }]),
    /'Dense' refuses/,
  ],
  'many empty lists': [`{"layers":[${'[],'.repeat(1e6)}[]]}`, /more than 1000000 arrays and objects/],
  'a long text': [
    JSON.stringify('x'.repeat(17e6)),
    /17000002 characters in the file's 'model', wanted at most 16000000/,
  ],
};

describe('loadModel refuses', () => {
  it.each(Object.entries(cases))('%s', async (_name, [model, message]) => {
    const error = await errorOf(async () => loadModel(await withModel(model)));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(/^\[loadModel\] got /);
    expect(error.message).toMatch(message);
    expect(error.message.length).toBeLessThan(1500);
  });

  it.each([
    ['frozen', '{}'],
    ['frozen', '["nothing"]'],
    ['frozen', '[["0"]]'],
    ['trainable', '[]'],
    ['trainable', '{"0.inner.bias":1}'],
    ['trainable', '{"__proto__":true}'],
    ['aliases', '5'],
    ['preprocessing', '[]'],
    ['preprocessing', '{"a":5}'],
    ['preprocessing', '{"a":{"kind":"toString","args":[],"state":{}}}'],
    ['optimizer', 'null'],
    ['optimizer', '{'],
  ])('%s %s', async (key, text) => {
    const file = await changedFile(good, ({ metadata }) => {
      metadata[key] = text;
    });
    const error = await errorOf(() => loadModel(file));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(/^\[loadModel\] got /);
  });

  it('a header of 4 GB, without reading it', async () => {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setUint32(0, 0xffff_fff0, true);
    const source = new CountingSource(bytes, 2 ** 33);
    expect((await errorOf(() => loadModel(source))).message).toContain('a header of 4294967280 bytes');
    expect(source.count).toBe(8);
  });

  it('a file of a newer version, and of another program', async () => {
    const newer = await changedFile(good, ({ metadata }) => {
      metadata.version = '2';
    });
    expect((await errorOf(() => loadModel(newer))).message).toBe(
      "[loadModel] got a file of version '2', wanted at most 1. Update ndgrad.",
    );
    const foreign = await writeSafetensors({}, { metadata: { format: 'pt' } });
    expect((await errorOf(() => loadModel(foreign))).message).toContain('a file without a model');
  });

  it('tensors that are too many, too few or cut off', async () => {
    const without = await changedFile(good, ({ tensors }) => {
      delete tensors['1.bias'];
      tensors['2.bias'] = tensors['1.kernel']!;
    });
    const error = await errorOf(() => loadModel(without));
    expect(error.message).toContain("'1.bias' is missing; '2.bias' has no Parameter");
    const cut = await errorOf(() => loadModel(good.subarray(0, good.length - 1)));
    expect(cut.message).toMatch(/^\[loadModel\] got a file of \d+ bytes/);
  });

  it('nothing of what other programs put beside the Parameters', async () => {
    const file = await changedFile(good, ({ metadata, tensors }) => {
      metadata.note = 'x';
      tensors['average:1.bias'] = tensors['1.bias']!;
    });
    expect((await loadModel(file)).model.parameters()).toHaveLength(4);
  });
});
