import { compileJs, single } from '../../src/backends/js/index.ts';
import type { Backend, Executable, Failure } from '../../src/ir/backend.ts';
import { type DeviceCopy, neverComputed, valuesNotOnHost } from '../../src/ir/device-copy.ts';
import { dtypes, type TypedArray } from '../../src/ir/dtype.ts';
import type { StateError } from '../../src/ir/errors.ts';
import type { Plan } from '../../src/ir/plan.ts';
import type { Storage } from '../../src/ir/storage.ts';

interface Options {
  readonly name?: string;
  /** Results of up to so many elements come home with the run; 0 by default. */
  readonly small?: number;
}

/**
 * An asynchronous backend of the CPU: what it is asked for happens later, one after the other, and values come
 * home only by waiting. The reference interpreter does the work, so the bits are its own.
 */
export class FakeDevice implements Backend {
  readonly name: string;
  readonly threads = 1;
  readonly reason = 'it is a fake';
  readonly limits = { maxInputs: 16, maxNodes: 192, maxStores: 16, arena: false } as const;
  /** Copies in the memory of the device. */
  readonly held = new Set<Copy>();
  /** What has been done, in order: 'run' or 'read'. */
  readonly log: string[] = [];
  /** The error with which the next run fails. */
  failNext: Error | null = null;
  /** The error with which the next `settle` fails. */
  failSettle: Error | null = null;
  lost: StateError | null = null;
  released = 0;
  /** Runs and reads that have been asked for and are not done. */
  queued = 0;
  readonly #small: number;
  readonly #collected = new FinalizationRegistry<Copy>((copy) => this.held.delete(copy));
  #latest: Promise<unknown> = Promise.resolve();
  #turns = 0;

  constructor({ name = 'fake', small = 0 }: Options = {}) {
    this.name = name;
    this.#small = small;
  }

  get memory(): { readonly bytes: number; readonly used: number } {
    let used = 0;
    for (const copy of this.held) used += copy.values.byteLength;
    return { bytes: used, used };
  }

  /** Fulfilled when all that has been asked for is done. */
  get idle(): Promise<unknown> {
    return this.#latest;
  }

  wantsYield(): boolean {
    return false;
  }

  compile(plan: Plan): Executable {
    const executable = compileJs(plan, single);
    return {
      run: ({ values, bound, results }) => {
        const inputs: Copy[] = [];
        const replaced: Copy[] = [];
        for (const { location } of plan.buffers)
          if (location.kind === 'bound') inputs[location.index] = this.#enter(bound[location.index]!);
        const outputs = results.map((storage) => this.#keep(storage, storage.host.array.slice(), true));
        for (const { dtype, size, location } of plan.buffers) {
          if (location.kind === 'replacement')
            replaced[location.index] = this.#replace(bound[location.index]!, dtypes[dtype].allocate(size));
        }
        const arrays = (copies: readonly Copy[]): TypedArray[] => copies.map((copy) => copy.values);
        return this.#later(() => {
          this.log.push('run');
          let failure: Failure | null | undefined;
          try {
            if (inputs.some((copy) => copy.failed)) throw neverComputed();
            this.#fail();
            failure = executable.run(values, arrays(inputs), arrays(outputs), arrays(replaced));
          } finally {
            for (const copy of outputs) {
              copy.failed = failure !== null;
              if (failure === null && copy.values.length <= this.#small) copy.bringHome();
            }
            replaced.forEach((copy, i) => {
              copy.failed = failure !== null;
              if (failure === null) copy.previous?.drop();
              else if (bound[i]!.deviceCopy === copy) copy.restorePrevious(bound[i]!);
            });
          }
          return failure;
        });
      },
      release: () => {
        this.released++;
      },
    };
  }

  read(storage: Storage): TypedArray | Promise<TypedArray> {
    const copy = this.#find(storage);
    if (copy === null || !copy.stale) return storage.array;
    return this.#later(() => {
      this.log.push('read');
      if (copy.failed && storage.deviceCopy === copy) throw neverComputed();
      if (this.lost !== null) throw this.lost;
      // Its run failed, or a later run was asked to replace the values.
      const latest = copy.latest;
      if (storage.deviceCopy !== copy) return latest?.values ?? storage.host.array;
      copy.bringHome();
      return storage.host.array;
    });
  }

  async settle(): Promise<void> {
    await this.#later(() => {
      const error = this.failSettle;
      this.failSettle = null;
      if (error !== null) throw error;
      if (this.lost === null) for (const copy of this.held) if (!copy.failed) copy.bringHome();
    });
  }

  #fail(): void {
    if (this.lost !== null) throw this.lost;
    const error = this.failNext;
    this.failNext = null;
    if (error !== null) throw error;
  }

  #later<T>(work: () => T): Promise<T> {
    const before = this.#latest;
    this.queued++;
    const done = (async () => {
      await before;
      // The later ones wait less than those before them, by themselves.
      await new Promise((resolve) => setTimeout(resolve, this.#turns++ % 3 === 0 ? 2 : 0));
      this.queued--;
      return work();
    })();
    this.#latest = done.catch(() => {});
    return done;
  }

  #find({ deviceCopy }: Storage): Copy | null {
    return deviceCopy instanceof Copy && this.held.has(deviceCopy) ? deviceCopy : null;
  }

  #enter(storage: Storage): Copy {
    return this.#find(storage) ?? this.#keep(storage, storage.array.slice(), false);
  }

  #keep(storage: Storage, values: TypedArray, stale: boolean): Copy {
    storage.deviceCopy?.drop();
    return this.#hold(storage, new Copy(this, storage.host.array, values, stale));
  }

  #replace(storage: Storage, values: TypedArray): Copy {
    if (storage.deviceCopy === null) void storage.array;
    return this.#hold(storage, new Copy(this, storage.host.array, values, true, storage.deviceCopy));
  }

  #hold(storage: Storage, copy: Copy): Copy {
    storage.deviceCopy = copy;
    this.held.add(copy);
    this.#collected.register(storage, copy, copy);
    return copy;
  }
}

class Copy implements DeviceCopy {
  readonly #device: FakeDevice;
  readonly #target: TypedArray;
  readonly values: TypedArray;
  readonly isReplacement: boolean;
  readonly previous: DeviceCopy | null;
  #stale: boolean;
  failed = false;

  constructor(
    device: FakeDevice,
    target: TypedArray,
    values: TypedArray,
    stale: boolean,
    previous?: DeviceCopy | null,
  ) {
    this.#device = device;
    this.#target = target;
    this.values = values;
    this.#stale = stale;
    this.isReplacement = previous !== undefined;
    this.previous = previous ?? null;
  }

  get stale(): boolean {
    return this.failed || this.#stale;
  }

  get lost(): boolean {
    return this.stale && (this.failed || this.#device.lost !== null);
  }

  bringHome(): void {
    this.#target.set(this.values);
    this.#stale = false;
  }

  /** The latest copy that did not fail; null if the storage had none, or that of another backend. */
  get latest(): Copy | null {
    if (!this.failed) return this;
    return this.previous instanceof Copy ? this.previous.latest : null;
  }

  /** Gives a storage the latest values that did not fail. */
  restorePrevious(storage: Storage): void {
    let copy = this.previous;
    while (copy instanceof Copy && copy.failed && copy.isReplacement) copy = copy.previous;
    storage.deviceCopy = copy;
    this.drop();
  }

  fetch(): void {
    if (this.failed) throw neverComputed();
    if (this.stale) throw this.#device.lost ?? valuesNotOnHost(this.#device.name);
  }

  drop(): void {
    this.#device.held.delete(this);
  }
}
