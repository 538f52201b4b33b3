import { type Expr, postorder } from '../ir/expr.ts';
import type { Access, BufferView, Kernel, KernelStore } from '../ir/kernel.ts';
import type { Plan, PlanStep } from '../ir/plan.ts';
import type { Offset, View } from '../ir/view.ts';

/**
 * The text form of a plan: its buffers, and for each kernel its loop, inputs, expressions and stores. The kernels of a `loop`
 * are indented; offsets with the values of the iteration (its number, and its number mod 2) move from slice to slice.
 */
export function explainPlan(plan: Plan): string {
  const lines = [
    `plan: ${countKernels(plan.steps)} kernels, ${plan.buffers.length} buffers, arena of ${plan.arenaBytes} bytes`,
  ];
  plan.buffers.forEach((b, i) => {
    const at =
      b.location.kind === 'arena'
        ? `arena + ${b.location.byteOffset}`
        : `${b.location.kind} ${b.location.index}`;
    lines.push(`  b${i}: ${b.dtype} x ${b.size}, ${at}`);
  });
  lines.push(...explainSteps(plan.steps, 0));
  return lines.join('\n');
}

const countKernels = (steps: readonly PlanStep[]): number =>
  steps.reduce((n, step) => n + (step.kind === 'loop' ? countKernels(step.steps) : 1), 0);

/** The lines of steps, whose kernels have numbers from `first` on. */
function explainSteps(steps: readonly PlanStep[], first: number): string[] {
  let number = first;
  return steps.flatMap((step) => {
    if (step.kind === 'kernel') return explainKernel(step, number++);
    const { name, count, slot, steps } = step;
    const inner = explainSteps(steps, number).map((line) => `  ${line}`);
    number += countKernels(steps);
    return [`  loop ${name}: v${slot} from 0 to ${count - 1}, v${slot + 1} = v${slot} mod 2`, ...inner];
  });
}

function explainKernel(kernel: Kernel, i: number): string[] {
  const lines = [`  k${i} ${kernel.name}: for [${kernel.shape}]`];
  const { source } = kernel;
  if (source.kind === 'reduce') {
    lines.push(`      acc = ${source.reducer} over [${source.over}] of ${show(source.expr, source.inputs)}`);
  } else if (source.kind === 'contract') {
    lines.push(`      acc = contract ${bufferView(source.a)} with ${bufferView(source.b)}`);
  } else if (source.kind === 'scatter') {
    lines.push(
      `      acc = scatter ${bufferView(source.updates)} to ${bufferView(source.indices)} along axis ${source.axis}`,
    );
  } else if (source.kind === 'algorithm') {
    lines.push(`      acc = ${source.algorithm.name} of ${source.operands.map(bufferView).join(', ')}`);
  }
  const names = new Map<Expr, string>();
  const uses = new Map<Expr, number>();
  const order = postorder(kernel.stores.map((s) => s.expr));
  for (const e of [...order.flatMap((e) => e.args), ...kernel.stores.map((s) => s.expr)]) {
    uses.set(e, (uses.get(e) ?? 0) + 1);
  }
  for (const e of order) {
    if (e.args.length === 0 || (uses.get(e) ?? 0) < 2) continue;
    lines.push(`      t${names.size} = ${show(e, kernel.inputs, names)}`);
    names.set(e, `t${names.size}`);
  }
  for (const s of kernel.stores)
    lines.push(`      b${s.buffer}${place(s)} = ${show(s.expr, kernel.inputs, names)}`);
  return lines;
}

/** Where in its buffer a store begins, if not at the first element. */
const place = ({ offset: at }: KernelStore): string =>
  at === undefined || offset(at) === '' ? '' : `[${offset(at).replace(/^ [+] /, '')} ...]`;

function show(root: Expr, inputs: readonly Access[], names: ReadonlyMap<Expr, string> = new Map()): string {
  const text = new Map<Expr, string>(names);
  for (const e of postorder([root])) {
    if (!text.has(e))
      text.set(
        e,
        showNode(e, inputs, (a) => text.get(a)!),
      );
  }
  return text.get(root)!;
}

function showNode(e: Expr, inputs: readonly Access[], arg: (e: Expr) => string): string {
  if (e.op === 'const') return String(e.value);
  if (e.op === 'uniform') return `v${e.value}`;
  if (e.op === 'acc') return 'acc';
  if (e.op === 'load') {
    const a = inputs[e.value]!;
    const at = e.args.length > 0 ? `[${e.args.map(arg).join(', ')}]` : '';
    return a.buffer === null ? `index${view(a.view)}` : `b${a.buffer}${view(a.view)}${at}`;
  }
  return `${e.op}(${e.args.map(arg).join(', ')})`;
}

const bufferView = (o: BufferView): string => `b${o.buffer}${view(o.view)}`;

function view(v: View): string {
  return `<${v.stride.join(' ')}${offset(v.offset)}>`;
}

function offset(o: Offset): string {
  const terms = o.terms.map((t) => ` + ${t.scale} v${t.slot}`).join('');
  return o.base === 0 ? terms : ` + ${o.base}${terms}`;
}
