import { notation, type SingleArithmetic } from '../arithmetic.ts';
import { expOfModerate } from './exponential.ts';

/** P(x^2) of erf(x) = x + x P(x^2), |x| <= 0.6. */
const NEAR = [0.12837915, -0.37612444, 0.11279932, -0.026595658, 0.004435985];
/** Q(x) of erf(x) = 1 - e^(x Q(x)), 0.6 <= x <= 4. */
const FAR = [-1.1285068, -0.63576984, -0.105151832, 0.022786729, -0.0031706325, 2.0688596e-4];

/** 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. Below 1.5 ulp. */
export function erf<T, B>(m: SingleArithmetic<T, B>, x: T): T {
  const { add, sub, mul, less, select, polynomial } = notation(m);
  const size = m.abs(x);
  const near = add(size, mul(size, polynomial(mul(size, size), NEAR)));
  const limited = select(less(4, size), 4, size);
  const far = sub(1, expOfModerate(m, mul(limited, polynomial(limited, FAR))));
  return m.withSign(select(less(size, 0.6), near, far), x);
}
