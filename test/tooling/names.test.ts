import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nameSections, namesPage } from '../../scripts/names/page.ts';
import * as core from '../../src/index.ts';

const names = nameSections().flatMap(({ rows }) => rows.map(({ name }) => name));
const exported: Readonly<Record<string, unknown>> = { ...core };

/** Is there such an export, or such a member of one? */
function exists(name: string): boolean {
  const [first, member] = name.split('.') as [string, string?];
  if (!Object.hasOwn(exported, first)) return false;
  if (member === undefined) return true;
  const value = exported[first];
  return member in Object(value) || (typeof value === 'function' && member in Object(value.prototype));
}

const advice = 'Change scripts/names/table.ts and run: npx tsx scripts/names.ts';

test('the table of names has every export of ndgrad', () => {
  // Types have no row.
  const known = new Set(names);
  expect(
    Object.keys(exported).filter((name) => !known.has(name)),
    advice,
  ).toEqual([]);
});

test('the table of names has nothing that does not exist, and each name once', () => {
  expect(
    names.filter((name) => !exists(name)),
    advice,
  ).toEqual([]);
  expect(
    names.filter((name, i) => names.indexOf(name) !== i),
    advice,
  ).toEqual([]);
});

test('docs/names.md is made of the table', () => {
  expect(readFileSync('docs/names.md', 'utf8'), advice).toBe(namesPage());
});

test.each(['notThere', 'Tensor.notThere', 'notThere.add', 'schedules.notThere'])(
  '%s does not exist',
  (name) => {
    expect(exists(name)).toBe(false);
  },
);
