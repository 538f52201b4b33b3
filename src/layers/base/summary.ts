import { zeros } from '../../tensor/creation.ts';
import type { Parameter } from '../../tensor/parameter.ts';
import { observed } from './context.ts';
import { label } from './errors.ts';
import { Layer } from './layer.ts';

export interface SummaryOptions {
  /** The shape of one sample, without the batch axis. */
  readonly inputShape?: readonly number[];
}

/**
 * The table of `Layer.summary`. Output shapes come from a forward pass over zeros, of which nothing is
 * computed.
 */
export function summarize(root: Layer, options: SummaryOptions = {}): string {
  const sample = options.inputShape ?? root.inputShape();
  const shapes = new Map<Layer, string>();
  if (sample !== null) {
    const context = observed((layer, { shape }) => {
      shapes.set(layer, `[${['N', ...shape.slice(1)].join(', ')}]`);
    });
    root.call(zeros([1, ...sample]), context);
  }

  const rows: string[][] = [];
  const counted = new Set<Parameter>();
  const count = (parameters: readonly Parameter[]): number => parameters.reduce((n, p) => n + p.size, 0);
  const walk = (layer: Layer, path: string): void => {
    const members = layer.members();
    const own = members.flatMap(([, m]) => (m instanceof Layer || counted.has(m) ? [] : [m]));
    for (const p of own) counted.add(p);
    const inner = members.filter((m): m is readonly [string, Layer] => m[1] instanceof Layer);
    const name = path === '' ? label(layer) : `${path} ${layer.type}`;
    const parameters = own.length === 0 && inner.length > 0 ? '' : grouped(count(own));
    rows.push([name, shapes.get(layer) ?? '?', parameters]);
    for (const [key, member] of inner) walk(member, path === '' ? key : `${path}.${key}`);
  };
  walk(root, '');

  const parameters = [...counted];
  const total = count(parameters);
  const trainable = count(parameters.filter((p) => p.trainable));
  return [
    ...table(['Layer', 'Output', 'Parameters'], rows),
    `${grouped(total)} parameters: ${grouped(trainable)} trainable, ${grouped(total - trainable)} frozen`,
  ].join('\n');
}

/** 100480 as 100,480. */
const grouped = (n: number): string => n.toLocaleString('en-US');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ');
  const rule = '-'.repeat(widths.reduce((a, b) => a + b + 2, -2));
  return [line(head), rule, ...rows.map(line), rule];
}
