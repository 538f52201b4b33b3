import type { ScalarType } from '../../ir/dtype.ts';
import type { Reducer } from '../../ir/kernel.ts';
import type { Register } from './registers.ts';

/** Accumulates x[from] to x[from + n - 1] into the lanes, starting with lane 0. */
export type LaneAccumulation = (n: number, lanes: Register, x: Register, from: number) => void;

/** A reducer's initial value, the operation that combines two values, and the loop over elements. */
export interface LaneRule {
  readonly identity: number;
  readonly combine: 'add' | 'mul' | 'max' | 'min';
  readonly accumulate: LaneAccumulation;
}

type LaneReducerName = Exclude<Reducer, 'argmax' | 'argmin'>;

/** Eight lanes for float sums and products, whose rounding depends on the order; other reducers use lane 0 only. */
export const laneRules: { readonly [T in ScalarType]: { readonly [R in LaneReducerName]?: LaneRule } } = {
  f32: {
    sum: {
      identity: 0,
      combine: 'add',
      accumulate: (n, lanes, x, from) => {
        let i = 0;
        for (let p = from; i + 8 <= n; i += 8, p += 8) {
          lanes[0]! += x[p]!;
          lanes[1]! += x[p + 1]!;
          lanes[2]! += x[p + 2]!;
          lanes[3]! += x[p + 3]!;
          lanes[4]! += x[p + 4]!;
          lanes[5]! += x[p + 5]!;
          lanes[6]! += x[p + 6]!;
          lanes[7]! += x[p + 7]!;
        }
        for (; i < n; i++) lanes[i & 7]! += x[from + i]!;
      },
    },
    prod: {
      identity: 1,
      combine: 'mul',
      accumulate: (n, lanes, x, from) => {
        for (let i = 0; i < n; i++) lanes[i & 7]! *= x[from + i]!;
      },
    },
    max: {
      identity: -Infinity,
      combine: 'max',
      accumulate: (n, lanes, x, from) => {
        let most = lanes[0]!;
        for (let i = from; i < from + n; i++) most = Math.max(most, x[i]!);
        lanes[0] = most;
      },
    },
    min: {
      identity: Infinity,
      combine: 'min',
      accumulate: (n, lanes, x, from) => {
        let least = lanes[0]!;
        for (let i = from; i < from + n; i++) least = Math.min(least, x[i]!);
        lanes[0] = least;
      },
    },
  },
  i32: {
    sum: {
      identity: 0,
      combine: 'add',
      accumulate: (n, lanes, x, from) => {
        let sum = lanes[0]!;
        for (let i = from; i < from + n; i++) sum = (sum + x[i]!) | 0;
        lanes[0] = sum;
      },
    },
    prod: {
      identity: 1,
      combine: 'mul',
      accumulate: (n, lanes, x, from) => {
        let product = lanes[0]!;
        for (let i = from; i < from + n; i++) product = Math.imul(product, x[i]!);
        lanes[0] = product;
      },
    },
    max: {
      identity: -2147483648,
      combine: 'max',
      accumulate: (n, lanes, x, from) => {
        let most = lanes[0]!;
        for (let i = from; i < from + n; i++) most = Math.max(most, x[i]!);
        lanes[0] = most;
      },
    },
    min: {
      identity: 2147483647,
      combine: 'min',
      accumulate: (n, lanes, x, from) => {
        let least = lanes[0]!;
        for (let i = from; i < from + n; i++) least = Math.min(least, x[i]!);
        lanes[0] = least;
      },
    },
  },
  u32: {},
  bool: {
    max: {
      identity: 0,
      combine: 'max',
      accumulate: (n, lanes, x, from) => {
        for (let i = from; i < from + n; i++) lanes[0]! |= x[i]!;
      },
    },
    min: {
      identity: 1,
      combine: 'min',
      accumulate: (n, lanes, x, from) => {
        for (let i = from; i < from + n; i++) lanes[0]! &= x[i]!;
      },
    },
  },
};
