import { type ActivationChoice, activationChoices } from '../train/network/layer-spec.ts';
import { type BoundariesConfiguration, defaults } from './messages.ts';
import { type ProblemName, problems } from './problem.ts';

const has = <T extends string>(choices: Readonly<Record<T, unknown>>, text: string): text is T =>
  Object.hasOwn(choices, text);

export const isUnits = (units: readonly number[]): boolean =>
  units.length <= 4 && units.every((size) => Number.isSafeInteger(size) && size >= 1 && size <= 128);

/** The configuration in the address; defaults where there is none, or a wrong one. */
export function readConfiguration(read: (name: string) => string | null): BoundariesConfiguration {
  const text = (name: string): string => read(`b.${name}`) ?? '';
  const number = (name: string, least: number, most: number): number | null => {
    const value = Number(text(name) || Number.NaN);
    return value >= least && value <= most ? value : null;
  };
  const [problem, activation, layers] = [text('problem'), text('activation'), read('b.units')];
  const units = layers === null ? null : layers.split('-').filter(Boolean).map(Number);
  const seed = number('seed', 0, Number.MAX_SAFE_INTEGER);
  return {
    problem: has<ProblemName>(problems, problem) ? problem : defaults.problem,
    noise: number('noise', 0, 0.5) ?? defaults.noise,
    units: units !== null && isUnits(units) ? units : defaults.units,
    activation: has<ActivationChoice>(activationChoices, activation) ? activation : defaults.activation,
    learningRate: number('rate', 1e-6, 100) ?? defaults.learningRate,
    seed: Number.isSafeInteger(seed) ? seed! : defaults.seed,
  };
}

/** What the address says: null for what is as in the defaults. */
export function textsOf(configuration: BoundariesConfiguration): Record<string, string | null> {
  const texts = (of: BoundariesConfiguration): Record<string, string> => ({
    'b.problem': of.problem,
    'b.noise': String(of.noise),
    'b.units': of.units.join('-'),
    'b.activation': of.activation,
    'b.rate': String(of.learningRate),
    'b.seed': String(of.seed),
  });
  const usual = texts(defaults);
  return Object.fromEntries(
    Object.entries(texts(configuration)).map(([name, text]) => [name, text === usual[name] ? null : text]),
  );
}
