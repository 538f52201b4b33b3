import type { PlanCode } from './plan-code.ts';

/**
 * Something that all kernels of a plan share, such as a function of their module: made when it is first asked
 * for.
 */
export function perPlan<T>(make: (plan: PlanCode) => T): (plan: PlanCode) => T {
  const made = new WeakMap<PlanCode, { readonly value: T }>();
  return (plan) => {
    const known = made.get(plan) ?? { value: make(plan) };
    made.set(plan, known);
    return known.value;
  };
}
