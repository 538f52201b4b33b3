import { notation, type SingleArithmetic } from '../arithmetic.ts';
import { exp, expOfModerate } from './exponential.ts';

/** Below it, where e^-x could overflow, both functions are e^x. */
const LOW = -80;

/** R(s^2) of log(1 + t) = 2 s + 2 s^3 R(s^2), s = t / (2 + t), 0 <= t <= 1. */
const LOG1P = [0.33333206, 0.20010869, 0.13999298, 0.14013371];

/** 1 / (1 + e^-x). Below 2.5 ulp, and monotone. */
export function sigmoid<T, B>(m: SingleArithmetic<T, B>, x: T): T {
  const { add, div, less, clamp } = notation(m);
  const y = div(1, add(1, expOfModerate(m, m.neg(clamp(x, LOW, -LOW)))));
  return m.seldom(less(x, LOW), () => [exp(m, x)], [y])[0]!;
}

/** log(1 + e^x), as max(x, 0) + log(1 + e^-|x|). Below 3 ulp. */
export function softplus<T, B>(m: SingleArithmetic<T, B>, x: T): T {
  const { add, mul, div, less, select, polynomial } = notation(m);
  const size = m.abs(x);
  const t = expOfModerate(m, m.neg(select(less(-LOW, size), -LOW, size)));
  const s = div(t, add(t, 2));
  const z = mul(s, s);
  const twice = add(s, s);
  const rest = add(twice, mul(mul(twice, z), polynomial(z, LOG1P)));
  const y = add(select(less(0, x), x, 0), rest);
  return m.seldom(less(x, LOW), () => [exp(m, x)], [y])[0]!;
}
