import { describe, expect, test } from 'vitest';
import { type Context, Dense, Layer, Sequential, training } from '../../src/layers/index.ts';
import { ones } from '../../src/tensor/creation.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const scalarParameter = (): Parameter => new Parameter<readonly number[]>(ones([1]));
const dense = (): Dense => new Dense(1, 1, { bias: false });

/** A layer with members in every place where they are found. */
class Everywhere extends Layer {
  readonly field = scalarParameter();
  readonly nested = [[dense()], [[scalarParameter()], 'text', null]];
  readonly record: Record<string, unknown> = {
    left: dense(),
    deep: { list: [scalarParameter()] },
    number: 3,
  };
  readonly bare = Object.assign(Object.create(null), { one: scalarParameter() });
  readonly map = new Map<unknown, unknown>([
    ['a', dense()],
    [2, { inner: scalarParameter() }],
  ]);
  readonly data = new Float32Array(4);
  readonly made = { date: new Date(0), pattern: /x/ };
  override forward(x: Tensor, ctx: Context): Tensor {
    const layers = this.members().map(([, member]) => member);
    return layers.reduce<Tensor>(
      (y, member) => (member instanceof Layer ? member.call(y, ctx) : y.mul(member)),
      x,
    );
  }
}

const paths = [
  'field',
  'nested.0.0.kernel',
  'nested.1.0.0',
  'record.left.kernel',
  'record.deep.list.0',
  'bare.one',
  'map.a.kernel',
  'map.2.inner',
];

describe('members', () => {
  test('are found in fields, nested arrays, records and Maps', () => {
    const layer = new Everywhere();
    expect(layer.namedParameters().map(([path]) => path)).toEqual(paths);
    expect(layer.parameters().map((p) => p.name)).toEqual(paths);
    layer.freeze();
    expect(layer.parameters().some((p) => p.trainable)).toBe(false);
    expect(layer.members().every(([, member]) => !(member instanceof Layer) || member.frozen)).toBe(true);
    layer.unfreeze();
    expect(layer.parameters().every((p) => p.trainable)).toBe(true);
    expect(layer.summary()).toContain('record.left Dense');
  });

  test('in a place that cannot be listed are not found', () => {
    const symbol = Symbol('member');
    class Hidden extends Layer {
      readonly #inner = dense();
      readonly [symbol] = dense();
      override forward(x: Tensor, ctx: Context): Tensor {
        return this[symbol].call(this.#inner.call(x as Tensor<[number, 1]>, ctx), ctx);
      }
    }
    expect(new Hidden().parameters()).toEqual([]);
  });

  test('that contain each other are found once', () => {
    class Child extends Layer {
      readonly weight = scalarParameter();
      readonly up: { parent?: Layer } = {};
      override forward(x: Tensor): Tensor {
        return x.mul(this.weight);
      }
    }
    class Parent extends Layer {
      readonly child = new Child();
      readonly self: Record<string, unknown> = {};
      override forward(x: Tensor, ctx: Context): Tensor {
        return this.child.call(x, ctx);
      }
    }
    const parent = new Parent();
    parent.child.up.parent = parent;
    parent.self.again = parent.self;
    parent.self.list = [parent.self];
    expect(parent.namedParameters().map(([path]) => path)).toEqual(['child.weight']);
    expect(parent.penalty()).toBeNull();
    expect(parent.summary()).toMatch(/^child Child +\? +1$/m);
  });

  test('of a class that extends Sequential count too', () => {
    class Scaled extends Sequential {
      readonly scale = scalarParameter();
      readonly heads = { extra: dense() };
    }
    const model = new Scaled([dense() as Layer, dense() as Layer]);
    expect(model.namedParameters().map(([path]) => path)).toEqual([
      '0.kernel',
      '1.kernel',
      'scale',
      'heads.extra.kernel',
    ]);
    expect(model.call(ones([2, 1]), training()).shape).toEqual([2, 1]);
  });
});

describe('the name of a Parameter', () => {
  const names = (layer: Layer): string[] => layer.parameters().map((p) => p.name);

  test('stays if a second model contains its layer', () => {
    const shared = new Dense(2, 2, { name: 'shared' });
    const one = new Sequential([shared, new Dense(2, 1)]);
    const two = new Sequential([
      new Dense(2, 2, { name: 'other' }),
      new Sequential([shared], { name: 'inner' }),
    ]);
    const before = names(one);
    expect(before).toEqual(['shared.kernel', 'shared.bias', '1.kernel', '1.bias']);
    expect(names(two)).toEqual(['other.kernel', 'other.bias', 'inner.shared.kernel', 'inner.shared.bias']);
    const three = new Sequential([new Dense(2, 2), shared]);
    for (let i = 0; i < 2; i++) {
      expect(names(three)).toEqual(['0.kernel', '0.bias', 'inner.shared.kernel', 'inner.shared.bias']);
      expect(names(one).slice(0, 2)).toEqual(['inner.shared.kernel', 'inner.shared.bias']);
      expect(names(shared)).toEqual(['inner.shared.kernel', 'inner.shared.bias']);
    }
    expect(
      three
        .namedParameters()
        .map(([path]) => path)
        .slice(2),
    ).toEqual(['shared.kernel', 'shared.bias']);
  });

  test('is the longest path that contains the ones before', () => {
    const inner = new Dense(1, 1);
    expect(names(inner)).toEqual(['kernel', 'bias']);
    const model = new Sequential([inner]);
    expect(names(model)).toEqual(['0.kernel', '0.bias']);
    inner.freeze();
    expect([inner.kernel.name, ...names(inner)]).toEqual(['0.kernel', '0.kernel', '0.bias']);
    expect(names(new Sequential([new Sequential([new Dense(1, 1)]), model])).slice(2)).toEqual([
      '1.0.kernel',
      '1.0.bias',
    ]);
  });
});
