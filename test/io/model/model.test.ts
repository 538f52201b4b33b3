import { describe, expect, it } from 'vitest';
import {
  type Context,
  Conv2D,
  Dense,
  defaultGenerator,
  Flatten,
  initializers,
  Layer,
  loadModel,
  loadWeights,
  NonFiniteError,
  ones,
  Parameter,
  Residual,
  relu,
  Sequential,
  saveModel,
  saveWeights,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from '../../../src/index.ts';
import { readSafetensors } from '../../../src/io.ts';
import { CountingSource, errorOf } from '../support.ts';
import { changedFile, roundTrip, valuesOf } from './support.ts';

/** A layer with everything that a class can have. */
class Scaled extends Layer {
  static override readonly kind: string = 'Scaled';
  readonly inner: Layer;
  readonly scale: Parameter;
  readonly own = new Dense(2, 2);
  readonly table: Map<string, Parameter>;
  readonly limits: readonly number[];

  constructor(inner: Layer, options: { limits: readonly number[]; name?: string }) {
    super(options.name, arguments);
    this.inner = inner;
    this.limits = options.limits;
    this.scale = new Parameter(defaultGenerator().normal([2]));
    this.table = new Map([
      ['count', new Parameter(tensor([1, 2], { dtype: 'int32' }), { trainable: false })],
    ]);
  }

  override forward(x: Tensor, ctx: Context): Tensor {
    return this.own.call(this.inner.call(x, ctx) as Tensor<[number, 2]>, ctx).mul(this.scale);
  }
}

class Described extends Layer {
  static override readonly kind: string = 'Described';
  readonly kernel: Parameter;
  readonly a: number;
  readonly b: number;
  constructor(a: number, b: number) {
    super();
    this.a = a;
    this.b = b;
    this.kernel = new Parameter<readonly number[]>(zeros([a, b]));
  }
  override describe() {
    return [this.a, this.b];
  }
  override forward(x: Tensor): Tensor {
    return x.matmul(this.kernel);
  }
}

const messageOf = async (model: Layer): Promise<string> => (await errorOf(() => saveModel(model))).message;
const configurationOf = async (model: Layer) =>
  JSON.parse((await readSafetensors(await saveModel(model))).metadata.model!);

describe('a model', () => {
  it('of custom layers has its values and arguments again', async () => {
    const model = new Sequential([
      new Scaled(new Described(3, 2), { limits: [Number.NEGATIVE_INFINITY, -0, Number.NaN], name: 'first' }),
      new Dense(2, 1, { name: 'last' }),
    ] as Layer[]);
    const again = await roundTrip(model, { Scaled, Described });
    expect(valuesOf(again)).toEqual(valuesOf(model));
    const [first] = (again as typeof model).layers as unknown as readonly Scaled[];
    expect(first).toBeInstanceOf(Scaled);
    expect(first!.limits).toEqual([Number.NEGATIVE_INFINITY, -0, Number.NaN]);
    expect(first!.inner).toBeInstanceOf(Described);
    const x = ones([4, 3]);
    expect(again.call(x).dataSync()).toEqual(model.call(x).dataSync());
    expect(again.parameters().map((p) => p.name)).toEqual(model.parameters().map((p) => p.name));
  });

  it('is written with its configuration under the metadata', async () => {
    const shared = new Dense(2, 2, { name: 'shared' });
    const model = new Sequential([shared, new Residual(shared)] as Layer[], { inputShape: [2] });
    const { metadata, entries } = await readSafetensors(await saveModel(model));
    expect(metadata).toEqual({
      format: 'ndgrad',
      version: '1',
      producer: expect.stringMatching(/^ndgrad \d+\.\d+\.\d+/),
      model: expect.any(String),
    });
    expect(JSON.parse(metadata.model!)).toEqual({
      layers: [
        { kind: 'Dense', args: [2, 2, { name: 'shared' }] },
        { kind: 'Residual', args: [{ $layer: 0 }] },
        { kind: 'Sequential', args: [[{ $layer: 0 }, { $layer: 1 }], { inputShape: [2] }] },
      ],
      root: 2,
    });
    expect([...entries.keys()]).toEqual(['shared.bias', 'shared.kernel']);
    const again = (await roundTrip(model)) as typeof model;
    expect((again.layers[1] as Residual).inner).toBe(again.layers[0]);
    expect(await saveModel(again)).toEqual(await saveModel(model));
  });

  it('is saved with the values at the time of the call', async () => {
    const model = new Dense(1, 1);
    const before = valuesOf(model);
    const saving = saveModel(model);
    await model.bias!.assign([5]);
    expect(valuesOf((await loadModel(await saving)).model)).toEqual(before);
  });

  it('is trained on, and its values are its own', async () => {
    const file = await saveModel(new Dense(2, 1));
    const { model } = await loadModel(file);
    const copy = file.slice();
    await (model as Dense).kernel.assign([[7], [8]]);
    expect(file).toEqual(copy);
    expect(valuesOf(model).kernel).toEqual([7, 8]);
  });

  it('with weights alone goes to loadWeights', async () => {
    const model = new Dense(2, 1);
    const file = await saveModel(model);
    const other = new Dense(2, 1);
    await loadWeights(other, file);
    expect(valuesOf(other)).toEqual(valuesOf(model));
    const error = await errorOf(async () => loadModel(await saveWeights(model)));
    expect(error.message).toMatch(/^\[loadModel\] got a file without a model.*loadWeights\.$/);
  });

  it('is read from a source, each tensor once', async () => {
    const model = new Sequential([new Dense(30, 20), new Dense(20, 10)]);
    const file = await saveModel(model);
    const source = new CountingSource(file);
    expect(valuesOf((await loadModel(source)).model)).toEqual(valuesOf(model));
    expect(source.count).toBe(file.length);
  });

  it('in float16 is read', async () => {
    const model = new Dense(1, 2, { kernelInitializer: 'ones' });
    const half = await readSafetensors(await saveWeights(model, { dtype: 'float16' }));
    expect(half.entries.get('kernel')!.dtype).toBe('F16');
    const { model: configuration } = (await readSafetensors(await saveModel(model))).metadata;
    const metadata = { ...half.metadata, model: configuration! };
    const { writeSafetensors } = await import('../../../src/io.ts');
    const tensors = { kernel: await half.read('kernel'), bias: await half.read('bias') };
    const file = await writeSafetensors(tensors, { dtype: 'float16', metadata });
    expect(valuesOf((await loadModel(file)).model)).toEqual(valuesOf(model));
  });
});

describe('no initial values are computed', () => {
  it('and no memory is allocated before the shapes are checked', async () => {
    // 4 TB, which no engine allocates.
    const file = await changedFile(await saveModel(new Dense(1, 1)), ({ metadata }) => {
      metadata.model = metadata.model!.replace('[1,1]', '[1000000,1000000]');
    });
    const error = await errorOf(() => loadModel(file));
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toContain(
      "'kernel' is F32 [1, 1], wanted float32 [1000000, 1000000]; 'bias' is F32 [1], wanted float32 [1000000]",
    );
  });

  it('also where they need no generator', async () => {
    let calls = 0;
    class Counted extends Layer {
      static override readonly kind: string = 'Counted';
      readonly inner = new Dense(2, 2, {
        kernelInitializer: (shape) => {
          calls++;
          return ones(shape);
        },
      });
      override describe() {
        return [];
      }
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const model = new Counted();
    const again = await roundTrip(model, { Counted });
    expect(valuesOf(again)).toEqual(valuesOf(model));
    expect(calls).toBe(1);
  });

  it('and later layers have them again', async () => {
    await roundTrip(new Dense(2, 2));
    await errorOf(async () =>
      loadModel(
        await changedFile(await saveModel(new Dense(1, 1)), ({ metadata }) => {
          metadata.model = metadata.model!.replace('[1,1]', '[1,-1]');
        }),
      ),
    );
    expect(new Dense(2, 2, { kernelInitializer: 'ones' }).kernel.dataSync()).toEqual(
      Float32Array.of(1, 1, 1, 1),
    );
  });
});

describe('Parameters in several places', () => {
  class Pair extends Layer {
    static override readonly kind: string = 'Pair';
    readonly left = new Dense(2, 2, { bias: false });
    readonly right = new Dense(2, 2, { bias: false });
    readonly list: Parameter[] = [new Parameter<readonly number[]>(zeros([2, 2]))];
    readonly map = new Map([['a', { b: new Parameter<readonly number[]>(zeros([2, 2])) }]]);
    override describe() {
      return [];
    }
    override forward(x: Tensor): Tensor {
      return this.right.call(this.left.call(x as Tensor<[number, 2]>));
    }
  }

  it('stay one', async () => {
    const pair = new Pair();
    const kernel: Parameter = pair.left.kernel as Parameter;
    Object.assign(pair.right, { kernel });
    pair.list[0] = kernel;
    Object.assign(pair.map.get('a')!, { b: kernel });
    const model = new Sequential([pair, new Dense(2, 1)] as Layer[]);
    const { metadata, entries } = await readSafetensors(await saveModel(model));
    expect(JSON.parse(metadata.aliases!)).toEqual({
      '0.right.kernel': '0.left.kernel',
      '0.list.0': '0.left.kernel',
      '0.map.a.b': '0.left.kernel',
    });
    expect([...entries.keys()]).toEqual(['0.left.kernel', '1.bias', '1.kernel']);
    const again = (await roundTrip(model, { Pair })) as typeof model;
    const loaded = again.layers[0] as unknown as Pair;
    for (const p of [loaded.right.kernel, loaded.list[0], loaded.map.get('a')!.b])
      expect(p).toBe(loaded.left.kernel);
    expect(valuesOf(again)).toEqual(valuesOf(model));
  });

  it.each([
    ['a place that does not exist', { '0.x': '0.left.kernel' }],
    ['a place inside a value', { 'left.kernel.node': 'left.kernel' }],
    ['a Parameter that does not exist', { 'right.kernel': 'x' }],
    ['a number', { 'right.kernel': 5 }],
    ['a place of another shape', { 'right.kernel': 'small' }],
  ])('%s is an error', async (_name, aliases) => {
    class Small extends Pair {
      static override readonly kind: string = 'Small';
      readonly small = new Parameter<readonly number[]>(zeros([1]));
      override describe() {
        return [];
      }
    }
    const file = await changedFile(await saveModel(new Small()), ({ metadata }) => {
      metadata.aliases = JSON.stringify(aliases);
    });
    const error = await errorOf(() => loadModel(file, { layers: { Small } }));
    expect(error.message).toMatch(/^\[loadModel\] got .* in the file's 'aliases'/);
  });
});

describe('what is frozen', () => {
  const state = (model: Layer): unknown => [
    model.parameters().map((p) => p.trainable),
    model.members().map(([, member]) => member instanceof Layer && member.frozen),
  ];
  const unfrozen = (model: Layer): unknown => {
    model.unfreeze();
    return state(model);
  };
  const make = (): Sequential => {
    const layers = [new Dense(2, 2), new Scaled(new Dense(2, 2), { limits: [] }), new Dense(2, 2)];
    return new Sequential(layers as readonly Layer[]);
  };
  const cases: Record<string, (model: Sequential) => void> = {
    nothing: () => {},
    'the model': (model) => model.freeze(),
    'the model but a layer': (model) => {
      model.freeze();
      model.layers[1]!.unfreeze();
    },
    'a layer inside a layer': (model) => (model.layers[1] as Scaled).inner.freeze(),
    'a Parameter by itself': (model) => {
      (model.layers[0] as Dense).bias!.trainable = false;
    },
    'a Parameter by itself, then the model': (model) => {
      (model.layers[0] as Dense).bias!.trainable = false;
      model.freeze();
    },
    'the model but a Parameter': (model) => {
      model.freeze();
      (model.layers[0] as Dense).bias!.trainable = true;
    },
    'a Parameter made trainable': (model) => {
      (model.layers[1] as Scaled).table.get('count')!.trainable = true;
    },
  };
  it.each(Object.entries(cases))('%s', async (_name, change) => {
    const model = make();
    change(model);
    const again = await roundTrip(model, { Scaled });
    expect(again.frozen).toBe(model.frozen);
    expect(state(again)).toEqual(state(model));
    expect(unfrozen(again)).toEqual(unfrozen(model));
  });
});

describe('saveModel refuses', () => {
  class Anonymous extends Dense {}
  class Twice extends Dense {
    static override readonly kind: string = 'Twice';
    constructor(n: number) {
      super(n, 2 * n);
    }
  }
  class Silent extends Layer {
    static override readonly kind: string = 'Silent';
    override forward(x: Tensor): Tensor {
      return x;
    }
  }
  class Wrong extends Described {
    static override readonly kind: string = 'Wrong';
    override describe() {
      return [this.b, this.a];
    }
  }
  class Throwing extends Described {
    static override readonly kind: string = 'Throwing';
    constructor(a: number, b: number) {
      if (b === undefined) throw new TypeError('b is missing');
      super(a, b);
    }
    override describe() {
      return [this.a] as unknown as [number, number];
    }
  }
  const given = (value: unknown): Layer => new Scaled(new Dense(2, 2), { limits: value as number[] });

  it.each<[string, () => Layer, RegExp]>([
    [
      'a function as an activation',
      () => new Sequential([new Dense(2, 2), new Dense(2, 2, { activation: relu, name: 'top' })]),
      /got a function for argument 3\.activation of Dense 'top', which a file can't hold\. Give an activation by its name/,
    ],
    [
      'a layer inside another one with a function',
      () => new Sequential([new Residual(new Dense(2, 2, { activation: (x) => x }))] as Layer[]),
      /got a function for argument 3\.activation of Dense '0\.inner'/,
    ],
    ['a class without a kind', () => new Anonymous(1, 1), /Anonymous, whose class has no kind of its own/],
    [
      'a class that extends another kind',
      () => new Twice(2),
      /Twice, whose class Twice extends another kind/,
    ],
    [
      'a class that describes nothing',
      () => new Silent(),
      /Silent, whose constructor arguments are not known/,
    ],
    [
      'wrong arguments',
      () => new Wrong(1, 2),
      /a Parameter float32 \[2, 1\] at 'kernel' from the constructors of Wrong, wanted a Parameter float32 \[1, 2\]/,
    ],
    ['arguments that are refused', () => new Throwing(1, 2), /'Throwing' refuses: b is missing/],
    ['a tensor', () => given(zeros([1])), /got a tensor for argument 2\.limits of Scaled/],
    ['a symbol', () => given([Symbol('s')]), /got Symbol\(s\) for argument 2\.limits\.0/],
    ['a Map', () => given(new Map()), /got a Map for argument 2\.limits/],
    ['keys of its own encoding', () => given({ $layer: 1 }), /got the key '\$layer' for argument 2\.limits/],
    [
      'two classes of one kind',
      () => {
        class Scaled2 extends Silent {
          static override readonly kind: string = 'Scaled';
          override describe() {
            return [];
          }
        }
        return new Scaled(new Scaled2(), { limits: [] });
      },
      /two classes of the kind 'Scaled'/,
    ],
  ])('%s', async (_name, make, message) => {
    expect(await messageOf(make())).toMatch(/^\[saveModel\] /);
    expect(await messageOf(make())).toMatch(message);
  });

  it('arguments without an end', async () => {
    const endless: unknown[] = [];
    class Endless extends Silent {
      static override readonly kind: string = 'Endless';
      override describe() {
        return [endless];
      }
    }
    endless.push(endless);
    expect(await messageOf(new Endless())).toContain('more than 32 levels');
    class Own extends Silent {
      static override readonly kind: string = 'Own';
      override describe(): object[] {
        return [this];
      }
    }
    expect(await messageOf(new Own())).toContain('a layer that contains it');
  });

  it('a Parameter that was added later', async () => {
    const model = new Dense(1, 1);
    Object.assign(model, { counts: new Parameter(zeros([2], 'int32')) });
    expect(await messageOf(model)).toContain(
      "got nothing at 'counts' from the constructors of Dense, wanted a Parameter int32 [2]",
    );
  });

  it('NaN', async () => {
    const model = new Dense(1, 1);
    await model.bias!.assign([Number.NaN]);
    const error = await errorOf(() => saveModel(model));
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error.message).toBe("[saveModel] got NaN at index 0 of 'bias', wanted finite numbers.");
  });

  it('more layers than a reader builds', async () => {
    const flatten = new Flatten() as Layer;
    const many = new Sequential(new Array(1000).fill(0).map(() => flatten)) as Layer;
    const model = new Sequential(new Array(100).fill(0).map(() => many)) as Layer;
    expect(await messageOf(model)).toContain('more than 100000 layers');
  });
});

describe('a class that extends a layer', () => {
  class Head extends Dense {
    static override readonly kind: string = 'Head';
    readonly classes: number;
    constructor(classes: number, name = '') {
      super(4, classes, { name, activation: 'softmax' });
      this.classes = classes;
    }
    override describe() {
      return [this.classes, this.name];
    }
  }
  it('describes itself', async () => {
    const model = new Head(3, 'h');
    const again = (await roundTrip(model, { Head })) as Head;
    expect(again).toBeInstanceOf(Head);
    expect([again.name, again.classes, again.activationName]).toEqual(['h', 3, 'softmax']);
    expect(await configurationOf(model)).toEqual({ layers: [{ kind: 'Head', args: [3, 'h'] }], root: 0 });
  });

  it('is needed to load it', async () => {
    const file = await saveModel(new Head(3));
    expect((await errorOf(() => loadModel(file))).message).toBe(
      "[loadModel] got layers of unknown kinds 'Head'. Give their classes: loadModel(source, { layers: { Head } }).",
    );
    for (const wrong of [5, () => {}, Map, null])
      expect((await errorOf(() => loadModel(file, { layers: { Head: wrong as never } }))).message).toContain(
        'wanted a class that extends Layer',
      );
    class Other extends Conv2D<number, number> {
      constructor() {
        super(1, 1, 1);
      }
    }
    const misfit = await errorOf(() => loadModel(file, { layers: { Head: Other } }));
    expect(misfit.message).toContain("'kernel' is F32 [4, 3], wanted float32 [1, 1, 1, 1]");
  });
});

it('a Parameter in a private field has no values after loading, and says so', async () => {
  class Hidden extends Layer {
    static override readonly kind: string = 'Hidden';
    readonly #kernel = new Parameter<readonly number[]>(
      initializers.orthogonal()([2, 2], defaultGenerator()),
    );
    override describe() {
      return [];
    }
    override forward(x: Tensor): Tensor {
      return x.matmul(this.#kernel);
    }
  }
  const again = await roundTrip(new Hidden(), { Hidden });
  const error = await errorOf(async () => again.call(ones([1, 2])).data());
  expect(error.message).toMatch(/^\[loadModel\] a Parameter has no values/);
});

it('names of layers contain no dots and colons', () => {
  for (const name of ['a.b', 'a:b', '.', ':'])
    expect(() => new Dense(1, 1, { name })).toThrow(
      `[Dense] got name '${name}', wanted a string without '.' and ':'.`,
    );
});
