import { ValueError } from '../../ir/errors.ts';

/** The entry of a table with this name. Programs without types can pass any name. */
export function choose<T>(what: string, table: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(table, name)) return table[name]!;
  throw new ValueError(
    `[${what}] got '${name}', wanted one of ${Object.keys(table).join(', ')}, or a function.`,
  );
}
