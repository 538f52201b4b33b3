import { refusal } from '../../ir/arguments.ts';

/** The entry of a table with this name. Programs without types can pass any name. */
export function choose<T>(layer: string, what: string, table: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(table, name)) return table[name]!;
  throw refusal(layer, what, name, `one of ${Object.keys(table).join(', ')}, or a function`);
}
