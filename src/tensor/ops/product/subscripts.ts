import { describe } from '../../../ir/arguments.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { type Shape, show } from '../../shape.ts';

/** The labels of each operand's axes and of the result's; an axis of an ellipsis has a number. */
export interface Subscripts {
  readonly operands: readonly (readonly string[])[];
  readonly output: readonly string[];
  readonly sizes: ReadonlyMap<string, number>;
}

const letter = /^[A-Za-z]$/;

/** Reads the equation of `einsum` for operands of these shapes. */
export function readSubscripts(equation: string, shapes: readonly Shape[]): Subscripts {
  if (typeof equation !== 'string')
    throw new ValueError(`[einsum] got equation ${describe(equation)}, wanted a string such as 'ij,jk->ik'.`);
  const fail = (what: string, Kind: typeof ValueError | typeof ShapeError = ValueError): never => {
    throw new Kind(`[einsum] '${equation}': ${what}.`);
  };
  const [inputs, output, ...more] = equation.replace(/\s/g, '').split('->');
  if (more.length > 0) fail("got several '->', wanted one");
  const terms = inputs!.split(',');
  if (terms.length !== shapes.length)
    fail(`got ${shapes.length} operands, wanted ${terms.length}: one for each group of subscripts`);
  for (const term of [...terms, output ?? ''])
    if (term.split('...').length > 2) fail(`'${term}' has several ellipses, wanted at most one`);

  /** The labels of a term, with those of an ellipsis that has `count` axes. */
  const labelsOf = (term: string, count: number): string[] => {
    const ellipsis = Array.from({ length: count }, (_, i) => String(count - 1 - i));
    const parts = term.split('...');
    for (const c of parts.join(''))
      if (!letter.test(c)) fail(`got subscript '${c}', wanted letters, '...', ',' and '->'`);
    return parts.length === 1 ? [...term] : [...parts[0]!, ...ellipsis, ...parts[1]!];
  };

  const sizes = new Map<string, number>();
  const operands = terms.map((term, k) => {
    const shape = shapes[k]!;
    const named = term.replace('...', '').length;
    const count = term.includes('...') ? shape.length - named : 0;
    if (count < 0 || named + count !== shape.length)
      fail(
        `operand ${k} has the subscripts '${term}' and the shape ${show(shape)}, wanted ` +
          `${term.includes('...') ? 'at least ' : ''}${named} axes`,
        ShapeError,
      );
    const labels = labelsOf(term, count);
    labels.forEach((label, axis) => {
      const size = shape[axis]!;
      const known = sizes.get(label) ?? 1;
      const own = shape[labels.indexOf(label)]!;
      if (own !== size || (known !== 1 && size !== 1 && known !== size)) {
        const what = letter.test(label) ? `subscript '${label}'` : "an axis of '...'";
        fail(
          `${what} has the sizes ${own === size ? known : own} and ${size} in ${shapes.map(show).join(' and ')}`,
          ShapeError,
        );
      }
      if (size !== 1 || known === 1) sizes.set(label, size);
    });
    return labels;
  });

  const all = operands.flat();
  const numbered = [...sizes.keys()]
    .filter((label) => !letter.test(label))
    .sort((a, b) => Number(b) - Number(a));
  const single = [...sizes.keys()].filter(
    (label) => letter.test(label) && all.indexOf(label) === all.lastIndexOf(label),
  );
  if (output === undefined) return { operands, output: [...numbered, ...single.sort()], sizes };
  const result = labelsOf(output, numbered.length);
  for (const label of result) {
    if (!sizes.has(label)) fail(`subscript '${label}' of the result is in no operand`);
    if (result.indexOf(label) !== result.lastIndexOf(label))
      fail(`subscript '${label}' is twice in the result`);
  }
  return { operands, output: result, sizes };
}
