import { isPlain } from '../ir/arguments.ts';
import { checkTensor } from './apply.ts';
import { show } from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * What a model takes and returns: a tensor, a tuple of tensors, or a record of tensors by name. The items of a tuple are
 * named by their indices.
 */
export type Tensors = Tensor | readonly Tensor[] | { readonly [name: string]: Tensor };

/** One item, a tuple or a record, such as one number for each tensor of a model's input. */
export type Structure<T> = T | readonly T[] | { readonly [name: string]: T };

/** A structure with the names of X and items of another type. */
export type Like<X extends Tensors, T> = X extends Tensor ? T : { readonly [K in keyof X]: T };

/** A structure with some of the names of X and items of another type; one item for one tensor. */
export type LikeSome<X extends Tensors, T> = X extends Tensor ? T : { readonly [K in keyof X]?: T };

/** Whether it is a tuple or a record, not one item. Items are of classes. */
export const isGroup = (value: unknown): value is readonly unknown[] | Readonly<Record<string, unknown>> =>
  Array.isArray(value) || isPlain(value);

/** A structure of the same form with the results of a function of each item and its name, '' for one item. */
export function mapItems<T, U>(structure: Structure<T>, map: (item: T, name: string) => U): Structure<U> {
  if (Array.isArray(structure)) return structure.map((item: T, i) => map(item, String(i)));
  if (!isPlain(structure)) return map(structure as T, '');
  return Object.fromEntries(Object.entries(structure).map(([name, item]) => [name, map(item as T, name)]));
}

/** The items with their names, '' for one item. */
export function itemsOf<T>(structure: Structure<T>): [name: string, item: T][] {
  const items: [string, T][] = [];
  mapItems(structure, (item, name) => items.push([name, item]));
  return items;
}

/** The item of a name; undefined if there is none. */
export function itemOf<T>(structure: Structure<T>, name: string): T | undefined {
  if ((name === '') === isGroup(structure)) return undefined;
  return name === '' ? (structure as T) : (structure as Readonly<Record<string, T>>)[name];
}

/** `x` for one item, `x.name` for another. */
export const nameIn = (what: string, name: string): string => (name === '' ? what : `${what}.${name}`);

/** The names for an error: `codes, numbers`. */
export const namesOf = (structure: Structure<unknown>): string =>
  itemsOf(structure)
    .map(([name]) => name)
    .join(', ');

/** @throws DTypeError unless all items are tensors. */
export function checkTensors(operation: string, structure: unknown): void {
  mapItems(structure, (t, name) => checkTensor(name === '' ? operation : `${operation}, ${name}`, t));
}

/** The types and shapes for an error: `float32 [2, 3]`, or `codes int32 [2], numbers float32 [2, 3]`. */
export const describeTensors = (structure: Structure<Tensor>): string =>
  itemsOf(structure)
    .map(([name, { dtype, shape }]) => `${name}${name && ' '}${dtype} ${show(shape)}`)
    .join(', ');
