import { describe, isRecord, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { sameShape } from '../../ir/view.ts';
import { type InnerState, Optimizer, type OptimizerState } from '../../optim/optimizer.ts';
import { type ParameterState, withJSON } from '../../optim/state.ts';
import type { Parameter } from '../../tensor/parameter.ts';
import { decodeValues } from '../elements.ts';
import type { SafetensorsEntry } from '../safetensors/header.ts';
import type { FileValues } from '../safetensors/layout.ts';
import { damaged } from './json.ts';
import type { Structure } from './structure.ts';

const PREFIX = 'optimizer:';

/** The state of an optimizer: `json` for the metadata, slots as tensors `optimizer:<slot>/<path>`. */
export async function optimizerParts(
  operation: string,
  optimizer: Optimizer,
  { parameters }: Structure,
): Promise<{ json: unknown; tensors: FileValues[] }> {
  if (!(optimizer instanceof Optimizer))
    throw refusal(operation, 'optimizer', optimizer, 'an optimizer of the model');
  const pathOf = new Map<Parameter, string>([...parameters].map(([path, p]) => [p, path]));
  const paths = [...Optimizer.keptBy(optimizer)].map(([name, { parameter }]) => {
    const path = pathOf.get(parameter);
    if (path !== undefined) return [name, path] as const;
    throw new ValueError(
      `[${operation}] got an optimizer of the Parameter ${describe(name)}, which the model does not have. Save its own model.`,
    );
  });
  const { learningRate } = optimizer;
  if (typeof learningRate === 'number' && !Number.isFinite(learningRate))
    throw refusal(operation, 'learning rate', learningRate, 'a finite number');
  const { parameters: states, ...rest } = await optimizer.getState();
  const tensors = paths.flatMap(([name, path]) => {
    const { shape, slots } = states[name]!;
    return Object.entries(slots).map(([slot, values]): FileValues => {
      if (slot.includes('/')) throw refusal(operation, 'the slot', slot, "a name without '/'");
      return {
        name: `${PREFIX}${slot}/${path}`,
        tensor: { dtype: 'float32', shape, size: values.length },
        values,
      };
    });
  });
  const updates = paths.map(([name, path]) => [path, states[name]!.updates ?? rest.step]);
  return { json: { ...rest, parameters: Object.fromEntries(updates) }, tensors };
}

/** Reads what `optimizerParts` has written; null if there is nothing. */
export async function readOptimizer(
  operation: string,
  json: unknown,
  entries: ReadonlyMap<string, SafetensorsEntry>,
  read: (entry: SafetensorsEntry) => Promise<Uint8Array>,
  { parameters }: Structure,
): Promise<OptimizerState | null> {
  const fault = (got: string, wanted: string): ValueError => damaged(operation, 'optimizer', got, wanted);
  const names = [...entries.keys()].filter((name) => name.startsWith(PREFIX));
  if (json === undefined && names.length === 0) return null;
  const isCount = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!isRecord(json) || typeof json.kind !== 'string' || !isCount(json.step) || !isRecord(json.parameters))
    throw fault('other entries', '{ kind, step, parameters }');
  const { inner, kind, learningRate } = json;
  const step = json.step as number;
  if (learningRate !== undefined && !Number.isFinite(learningRate))
    throw fault(`learning rate ${describe(learningRate)}`, 'a number');
  const states = new Map<string, ParameterState & { slots: Record<string, unknown> }>();
  for (const [path, updates] of Object.entries(json.parameters)) {
    const parameter = parameters.get(path);
    if (parameter === undefined || !isCount(updates))
      throw fault(
        `${describe(updates)} for ${describe(path)}`,
        'the number of updates by paths of Parameters',
      );
    const counted = updates === step ? {} : { updates: updates as number };
    states.set(path, { shape: [...parameter.shape], ...counted, slots: {} });
  }
  for (const name of names) {
    const slash = name.indexOf('/');
    const state = states.get(name.slice(slash + 1));
    const entry = entries.get(name)!;
    if (slash < 0 || state === undefined || !sameShape(entry.shape, state.shape) || entry.dtype !== 'F32')
      throw fault(`the tensor ${describe(name)}`, 'F32 slots with the shapes of their Parameters');
    const values = decodeValues(operation, name, entry.dtype, (await read(entry)).slice());
    Object.defineProperty(state.slots, name.slice(PREFIX.length, slash), {
      value: withJSON(values),
      enumerable: true,
    });
  }
  return {
    kind,
    step,
    parameters: Object.fromEntries(states),
    ...(learningRate === undefined ? {} : { learningRate: learningRate as number }),
    ...(inner === undefined ? {} : { inner: inner as InnerState[] }),
  };
}
