import { ones, zeros } from '../../../src/tensor/creation.ts';
import { awayFromZero, between, grid, oneOf, ordinary } from '../domains.ts';
import { binary, unary } from './behaviors.ts';
import { invalid, mask, mismatchedShapes, x } from './invalid-calls.ts';
import type { OperationRows } from './row.ts';

export const arithmetic = {
  // Arithmetic
  add: { ...binary(ordinary), invalid: mismatchedShapes, gpu: 'arithmetic' },
  sub: { ...binary(ordinary), invalid: mismatchedShapes, gpu: 'arithmetic' },
  mul: { ...binary(ordinary), invalid: mismatchedShapes, gpu: 'arithmetic' },
  div: { ...binary(ordinary, awayFromZero(0.4)), invalid: mismatchedShapes, gpu: 'arithmetic' },
  // Quotients away from whole numbers.
  mod: {
    ...binary(oneOf(between(0.5, 2.5), between(-2.5, -0.5), between(3.5, 5.5)), awayFromZero(2.9, 3.1)),
    invalid: mismatchedShapes,
    gpu: 'arithmetic',
  },
  floorDiv: {
    ...binary(
      oneOf(between(0.5, 2.5), between(-2.5, -0.5), between(3.5, 5.5)),
      awayFromZero(2.9, 3.1),
      false,
    ),
    invalid: mismatchedShapes,
    gpu: 'exact',
    method: false,
  },
  squaredDifference: {
    ...binary(ordinary),
    ulps: 4,
    invalid: mismatchedShapes,
    gpu: 'arithmetic',
    method: false,
  },
  isInf: { ...unary(ordinary, false), invalid: null, gpu: 'exact', method: false },
  nanToNum: {
    arguments: (d) => {
      const x = d.number(d.shape(), ordinary);
      return d.pick([[x], [x, { nan: 1, posInf: 5, negInf: -5 }]]);
    },
    differentiable: true,
    invalid: null,
    gpu: 'exact',
    method: false,
  },
  maximum: { ...binary(grid(0), grid(0.25), true, [0.25, -1.75]), invalid: mismatchedShapes, gpu: 'exact' },
  minimum: { ...binary(grid(0), grid(0.25), true, [0.25, -1.75]), invalid: mismatchedShapes, gpu: 'exact' },
  pow: { ...binary(between(0.3, 3), ordinary), invalid: mismatchedShapes, gpu: 'intrinsic' },
  neg: { ...unary(ordinary), invalid: null, gpu: 'exact' },
  // Comparison and logic
  equal: { ...binary(ordinary, ordinary, false), invalid: mismatchedShapes, gpu: 'exact' },
  notEqual: { ...binary(ordinary, ordinary, false), invalid: mismatchedShapes, gpu: 'exact' },
  less: { ...binary(ordinary, ordinary, false), invalid: mismatchedShapes, gpu: 'exact' },
  lessEqual: { ...binary(ordinary, ordinary, false), invalid: mismatchedShapes, gpu: 'exact' },
  greater: { ...binary(ordinary, ordinary, false), invalid: mismatchedShapes, gpu: 'exact' },
  greaterEqual: { ...binary(ordinary, ordinary, false), invalid: mismatchedShapes, gpu: 'exact' },
  logicalAnd: { ...binary(ordinary, ordinary, false), invalid: mismatchedShapes, gpu: 'exact' },
  logicalOr: { ...binary(ordinary, ordinary, false), invalid: mismatchedShapes, gpu: 'exact' },
  logicalXor: { ...binary(ordinary, ordinary, false), invalid: mismatchedShapes, gpu: 'exact' },
  logicalNot: { ...unary(ordinary, false), invalid: null, gpu: 'exact' },
  isNaN: { ...unary(ordinary, false), invalid: null, gpu: 'exact' },
  isFinite: { ...unary(ordinary, false), invalid: null, gpu: 'exact' },
  where: {
    arguments: (d) => {
      const shape = d.shape();
      const condition = d.bool(d.part(shape));
      const a = d.number(d.part(shape), ordinary);
      const b = d.number(d.part(shape), ordinary);
      return d.pick([
        [condition, a, b],
        [condition, a, b],
        [condition, b, a],
      ]);
    },
    differentiable: true,
    invalid: [
      invalid([mask, x, zeros([4])], '[2, 3]', '[4]'),
      invalid([ones([4], 'bool'), x, x], '[4]', '[2, 3]'),
      invalid([x, x, x], 'float32', 'bool'),
    ],
    gpu: 'exact',
    method: false,
  },
  clip: {
    arguments: (d) => {
      const shape = d.shape();
      const x = d.number(shape, oneOf(between(-3, -2), between(-1, 1), between(2, 3)));
      if (d.oneIn(2)) return [x, -1.5, 1.5];
      return [x, d.float(d.part(shape), between(-1.7, -1.3)), d.float(d.part(shape), between(1.3, 1.7))];
    },
    differentiable: true,
    invalid: [invalid([x, zeros([4]), 1], '[2, 3]', '[4]'), invalid([x, 0, zeros([2])], '[2, 3]', '[2]')],
    gpu: 'exact',
  },
} satisfies OperationRows;
