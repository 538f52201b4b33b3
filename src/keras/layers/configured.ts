import { describe, isRecord, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { own, Refusal, Settings } from '../settings.ts';

/** A function of Keras with its settings, as a model file holds it. */
export interface Configured {
  /** Keras's class. */
  readonly className: string;
  /** Keras's settings, those that the function reads. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** How settings become functions, by Keras's classes. */
export type Makers<F> = Readonly<
  Record<string, { readonly reads: readonly string[]; readonly make: (settings: Settings) => F }>
>;

/** @throws Refusal for settings that don't exist here. */
export function configure<F>(makers: Makers<F>, className: string, settings: Settings): Configured {
  const { reads, make } = makers[className]!;
  const kept = reads
    .map((key) => [key, settings.get(key)] as const)
    .filter(([, value]) => value !== undefined);
  make(settings);
  return { className, settings: Object.fromEntries(kept) };
}

/** The function. @throws ValueError for what `configure` does not return. */
export function makeConfigured<F>(
  operation: string,
  makers: Makers<F>,
  className: unknown,
  settings: unknown,
): F {
  const maker = own(makers, className as string) as Makers<F>[string] | undefined;
  if (maker === undefined || !isRecord(settings))
    throw refusal(operation, 'class', className, `one of ${Object.keys(makers)} and settings`);
  try {
    return maker.make(new Settings(settings));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new ValueError(
      `[${operation}] got ${error.message} for ${describe(className)}, wanted Keras's settings.`,
    );
  }
}
