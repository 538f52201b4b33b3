import type { Flattened, Same, Shape } from '../../tensor/shape.ts';
import type { StaticShapes } from './layer-like.ts';

/** A shape with the batch axis first, as far as it is known: null is an unknown dimension. */
export type PartialShape = readonly (number | null)[];

/** The input shape of a layer of type L for an input of shape S. */
export type Input<L extends StaticShapes, S extends Shape> = (L & { readonly given: S })['takes'];

/** The output shape of a layer of type L for an input of shape S. */
export type Output<L extends StaticShapes, S extends Shape> = (L & { readonly given: S })['gives'];

/** `gives` of a layer that keeps the shape of its input. */
export type Kept<S> = S extends Shape ? S : Shape;

/** `takes` of a layer whose input has any number of axes, the last of size C. */
export type EndsWith<S, C extends number> = S extends readonly [...infer Lead extends Shape, number]
  ? number extends S['length']
    ? Shape
    : [...Lead, C]
  : Shape;

/** `gives` of a layer that changes the size of the spatial axes between the first and the last. */
export type Resized<S, Spatial extends Shape> = S extends readonly [
  infer N extends number,
  ...Spatial,
  infer C extends number,
]
  ? [N, ...Spatial, C]
  : [number, ...Spatial, number];

/** `gives` of a layer that removes the spatial axes. */
export type Pooled<S, Spatial extends Shape> = S extends readonly [
  infer N extends number,
  ...Spatial,
  infer C extends number,
]
  ? [N, C]
  : [number, number];

/** `gives` of a layer that joins all axes but the first. */
export type Flat<S> = S extends Shape ? Flattened<S> : Shape;

/** The input shape of a list of layers: that of the first layer that requires one. */
export type ChainInput<L extends readonly StaticShapes[]> = L extends readonly [
  infer Head extends StaticShapes,
  ...infer Tail extends readonly StaticShapes[],
]
  ? number extends Head['takes']['length']
    ? KeepsShape<Head> extends true
      ? ChainInput<Tail>
      : Shape
    : Head['takes']
  : Shape;

/** The output shape of a list of layers for an input of shape S. */
export type ChainOutput<L extends readonly StaticShapes[], S extends Shape> = number extends L['length']
  ? Shape
  : L extends readonly [infer Head extends StaticShapes, ...infer Tail extends readonly StaticShapes[]]
    ? ChainOutput<Tail, Output<Head, KnownOr<S, Head['takes']>>>
    : S;

type KeepsShape<L extends StaticShapes> =
  Output<L, [number, -1, -2]> extends readonly [number, -1, -2] ? true : false;

/** A list of layers in which a message replaces each layer that does not accept the output of the layer before it. */
export type Chain<
  L extends readonly StaticShapes[],
  S extends Shape = ChainInput<L>,
> = number extends L['length']
  ? L
  : L extends readonly [infer Head extends StaticShapes, ...infer Tail extends readonly StaticShapes[]]
    ? readonly [Head & Same<Input<Head, S>, S>, ...Chain<Tail, Output<Head, KnownOr<S, Head['takes']>>>]
    : readonly [];

/** `gives` of a layer with the output shape of the layer L. */
export type Given<L extends StaticShapes, S> = Extract<Output<L, KnownOr<S, L['takes']>>, L['gives']>;

/** `gives` of a list of layers. */
export type Flow<L extends readonly StaticShapes[], S> = Extract<
  ChainOutput<L, S extends Shape ? S : ChainInput<L>>,
  ChainOutput<L, ChainInput<L>>
>;

/** S, or the shape that a layer requires where S is not known. */
type KnownOr<S, Otherwise extends Shape> = S extends Shape
  ? number extends S['length']
    ? Otherwise
    : S
  : Otherwise;
