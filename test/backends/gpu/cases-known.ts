import * as layers from '../../../src/layers/index.ts';
import * as losses from '../../../src/losses/index.ts';
import { fromArray } from '../../../src/tensor/creation.ts';
import { gradients } from '../../../src/tensor/gradients.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import {
  callArguments,
  isReferenceTensor,
  type LayerCase,
  type LossCase,
  type ReferenceTensor,
  values,
} from '../../reference/format.ts';
import {
  invoke,
  operationNames,
  referenceArguments,
  referenceGradient,
  toTensor,
} from '../../tensor/invoke.ts';
import type { Case, Tables } from './case.ts';
import { type Goal, missed } from './evaluate.ts';
import { toleranceOf } from './tolerance.ts';

/**
 * Gradients are sums of products of several functions: the errors of elementary functions, and relative to
 * the largest numbers, since they may cancel.
 */
export const COMPOSED = { relative: 1e-5, scale: 'largest' } as const;

/** Known answers from NumPy, SciPy and PyTorch: all cases of an operation in one plan. */
export function knownAnswers({
  ops,
  gradients: table,
  losses: lossTable,
  layers: layerTable,
}: Tables): Case[] {
  // test/tensor/known-answers.test.ts reports operations without answers.
  const values = operationNames.filter((name) => ops[name] !== undefined);
  const differentiated = [...new Set(table.map(({ op }) => op))];
  return [
    ...values.map(
      (name) =>
        ({
          group: 'known answers',
          name,
          run: (backend) => {
            const goals = ops[name]!.flatMap((c): Goal[] => {
              const results = invoke(name, referenceArguments(name, c).args);
              const wanted = [c.out].flat();
              if (wanted.length !== results.length) throw new Error(`${c.name}: ${results.length} results`);
              return results.map((tensor, k) => goal(c.name, tensor, wanted[k]!, toleranceOf(name)));
            });
            return missed(backend, goals);
          },
        }) satisfies Case,
    ),
    ...differentiated.map(
      (op) =>
        ({
          group: 'known gradients',
          name: op,
          run: (backend) => {
            const cases = table.filter((c) => c.op === op);
            const title = `by operand`;
            return missed(
              backend,
              cases.map((c) => goal(`${c.name}, ${title} ${c.wrt}`, referenceGradient(c), c.grad, COMPOSED)),
            );
          },
        }) satisfies Case,
    ),
    ...Object.entries(lossTable).map(
      ([name, cases]) =>
        ({
          group: 'known losses',
          name,
          run: (backend) =>
            missed(
              backend,
              cases.flatMap((c) => lossGoals(name, c)),
            ),
        }) satisfies Case,
    ),
    ...layerTable.layers.map(
      (c): Case => ({
        group: 'known layers',
        name: `${c.layer}, ${c.name}`,
        run: async (backend) => missed(backend, await layerGoals(c)),
      }),
    ),
  ];
}

function goal(
  what: string,
  tensor: Tensor,
  { shape, dtype, data }: ReferenceTensor,
  tolerance: Pick<Goal, 'relative' | 'scale'>,
): Goal {
  const [got, wanted] = [tensor, { shape, dtype }].map((t) => `${t.dtype} [${t.shape}]`);
  if (got !== wanted) throw new Error(`${what}: ${got}, wanted ${wanted}`);
  return { what, tensor, wanted: data, ...tolerance };
}

const table = new Map(Object.entries<unknown>({ ...losses }));

function lossGoals(name: string, c: LossCase): Goal[] {
  const make = (value: unknown): unknown => {
    if (isReferenceTensor(value)) return fromArray(values(value), value.shape, value.dtype);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, make(item)]));
  };
  const args = callArguments(name, c).map(make);
  const loss: unknown = Reflect.apply(table.get(name) as () => Tensor, undefined, args);
  const [x] = args;
  if (!(loss instanceof Tensor && x instanceof Tensor)) throw new Error(`${name} makes no tensor`);
  const [gradient] = gradients(loss.sum(), [x]);
  return [
    goal(c.name, loss, c.out, COMPOSED),
    goal(`${c.name}, gradient`, gradient!, { ...c.gradient, shape: [...x.shape] }, COMPOSED),
  ];
}

const layerClasses = new Map(Object.entries<unknown>({ ...layers }));

async function layerGoals(c: LayerCase): Promise<Goal[]> {
  const layer: unknown = Reflect.construct(layerClasses.get(c.layer) as new () => layers.Layer, c.args);
  if (!(layer instanceof layers.Layer)) throw new Error(`${c.layer} is no layer`);
  const parameters = layer.namedParameters();
  for (const [name, p] of parameters) await p.assign(toTensor(c.parameters[name]!));
  const x = toTensor(c.x);
  const y = layer.call(x);
  const leaves: [string, Tensor][] = [['x', x], ...parameters];
  const by = gradients(
    y.mul(toTensor(c.weights)).sum(),
    leaves.map(([, t]) => t),
  );
  return [
    goal('values', y, c.out, COMPOSED),
    ...leaves.map(([name], i) => goal(`gradient of ${name}`, by[i]!, c.gradients[name]!, COMPOSED)),
  ];
}
