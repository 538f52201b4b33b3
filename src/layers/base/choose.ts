import { ValueError } from '../../ir/errors.ts';

/** The entry of a table by name; names come from programs without types as well. */
export function choose<T>(what: string, table: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(table, name)) return table[name]!;
  throw new ValueError(
    `[${what}] got '${name}', wanted one of ${Object.keys(table).join(', ')}, or a function.`,
  );
}
