import type { PlanCode } from './plan-code.ts';

/**
 * A value that all kernels of a plan share, such as a function of their module. It is created at the first use.
 */
export function perPlan<T>(make: (plan: PlanCode) => T): (plan: PlanCode) => T {
  const made = new WeakMap<PlanCode, { readonly value: T }>();
  return (plan) => {
    const known = made.get(plan) ?? { value: make(plan) };
    made.set(plan, known);
    return known.value;
  };
}
