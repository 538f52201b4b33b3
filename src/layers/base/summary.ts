import { Parameter } from '../../tensor/parameter.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Structure } from '../../tensor/structure.ts';
import { label } from './errors.ts';
import type { LayerLike } from './layer-like.ts';

export interface SummaryOptions {
  /**
   * The shape of one sample, without the batch axis; by default the shape that the first layers require. For several inputs a
   * tuple or a record of shapes.
   */
  readonly inputShape?: Structure<readonly number[]>;
}

/** The table of `summary`. `outputs` holds the known outputs of the layers. */
export function summarize(
  root: LayerLike,
  outputs: ReadonlyMap<LayerLike, readonly [name: string, shape: Shape][]>,
): string {
  const rows: string[][] = [];
  const counted = new Set<Parameter>();
  /** A layer may have a field for the layer that contains it. */
  const ancestors = new Set<LayerLike>();
  const count = (parameters: readonly Parameter[]): number => parameters.reduce((n, p) => n + p.size, 0);
  const walk = (layer: LayerLike, path: string): void => {
    const members = layer.members();
    const own = members.flatMap(([, m]) => (m instanceof Parameter && !counted.has(m) ? [m] : []));
    for (const p of own) counted.add(p);
    const inner = members.flatMap(([key, m]) => (m instanceof Parameter ? [] : [[key, m] as const]));
    const name = path === '' ? label(layer) : `${path} ${layer.type}`;
    const parameters = own.length === 0 && inner.length > 0 ? '' : grouped(count(own));
    const known = outputs.get(layer) ?? [];
    const output =
      known
        .map(([name, shape]) => `${name}${name && ' '}[${['N', ...shape.slice(1)].join(', ')}]`)
        .join(', ') || '?';
    rows.push([name, output, parameters]);
    ancestors.add(layer);
    for (const [key, member] of inner)
      if (!ancestors.has(member)) walk(member, path === '' ? key : `${path}.${key}`);
    ancestors.delete(layer);
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
