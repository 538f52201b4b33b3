import { type Arithmetic, notation } from '../arithmetic.ts';
import { exp } from './exponential.ts';

// erf(x) = x T(x^2) / U(x^2) for |x| <= 1, erfc(x) = e^(-x^2) P(x) / Q(x) for 1 <= x <= 8.
// Cephes 2.2 (S. L. Moshier, 1992), ndtr.c.
const T = [55592.30130103949, 7003.325141128051, 2232.005345946843, 90.02601972038427, 9.604973739870516];
const U = [49267.39426086359, 22629.000061389095, 4594.323829709801, 521.3579497801527, 33.56171416475031, 1];
const P = [
  557.5353353693994, 1027.5518868951572, 934.5285271719576, 526.4451949954773, 196.5208329560771,
  48.63719709856814, 7.463210564422699, 0.5641895648310688, 2.461969814735305e-10,
];
const Q = [
  557.5353408177277, 1656.6630919416134, 2246.3376081871097, 1823.9091668790973, 975.7085017432055,
  354.9377788878199, 86.70721408859897, 13.228195115474499, 1,
];

/** 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. A few ulp. */
export function erf<V, B>(m: Arithmetic<V, B>, x: V): V {
  const { sub, mul, div, less, select, polynomial } = notation(m);
  const size = m.abs(x);
  const a = select(less(8, size), 8, size);
  const near = less(a, 1);
  const square = mul(a, a);
  const top = select(near, mul(x, polynomial(square, T)), mul(exp(m, m.neg(square)), polynomial(a, P)));
  const q = div(top, select(near, polynomial(square, U), polynomial(a, Q)));
  const far = sub(1, q);
  return select(near, q, select(less(x, 0), m.neg(far), far));
}
