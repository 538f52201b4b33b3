import { expect, test } from 'vitest';
import type { Node } from '../../src/ir/node.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { SmoothDraw } from './draw.ts';
import { invoke, operationNames } from './invoke.ts';
import { operations } from './operations/index.ts';

const methods = operationNames.filter((name) => operations[name].method !== false);

test('every operation is a method, except those whose rows say otherwise', () => {
  expect(operationNames.filter((name) => name in Tensor.prototype)).toEqual(methods);
});

/** Do two graphs compute the same from the same leaves? */
function sameGraph(a: Node, b: Node): boolean {
  if (a === b) return true;
  return (
    a.op === b.op &&
    a.storage === b.storage &&
    a.inputs.length > 0 === b.inputs.length > 0 &&
    JSON.stringify([a.shape, a.dtype, a.params, a.values]) ===
      JSON.stringify([b.shape, b.dtype, b.params, b.values]) &&
    a.inputs.length === b.inputs.length &&
    a.inputs.every((input, k) => sameGraph(input, b.inputs[k]!))
  );
}

const choices = (seed: number): number[] =>
  Array.from({ length: 60 }, (_, i) => (seed * 7919 + i * 104729 + ((seed * i) % 31)) % 1000);

test.each(methods)('x.%s(...) is the function', (name) => {
  for (let seed = 0; seed < 12; seed++) {
    const [x, ...rest] = operations[name].arguments(new SmoothDraw(choices(seed)));
    const method: unknown = Reflect.get(x as Tensor, name);
    expect(method).toBeTypeOf('function');
    const result: Tensor | Tensor[] = Reflect.apply(method as () => Tensor, x, rest);
    const byMethod = [result].flat();
    const byFunction = invoke(name, [x, ...rest]);
    expect(byMethod.length).toBe(byFunction.length);
    byMethod.forEach((t, k) => {
      expect(sameGraph(t.node, byFunction[k]!.node)).toBe(true);
    });
  }
});
