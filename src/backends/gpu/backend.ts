import { neverComputed } from '../../ir/away.ts';
import type { TypedArray } from '../../ir/dtype.ts';
import { StateError } from '../../ir/errors.ts';
import type { Backend, Bindings, Executable, Failure, Limits, Plan } from '../../ir/kernel.ts';
import type { Storage } from '../../ir/node.ts';
import type { Device, DeviceProgram } from './device.ts';
import { encodeValues, FLOATS_PER_VALUE } from './format.ts';
import { type Programs, toPrograms } from './passes/index.ts';
import { type Block, Residents } from './residents.ts';

/** Up to this many bytes a result is read back with the run that computes it: it costs no more than the verdict on the run. */
const SMALL = 32768;

/** Runs plans on a device. Runs are issued in the order in which they are asked for; nothing waits but whoever reads. */
export class GpuBackend<M> implements Backend {
  readonly threads = 1;
  readonly limits: Limits;
  readonly device: Device<M>;
  readonly #residents: Residents<M>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(device: Device<M>) {
    this.device = device;
    this.limits = device.limits;
    this.#residents = new Residents(device);
  }

  get name(): string {
    return this.device.name;
  }

  get reason(): string {
    return this.device.adapter;
  }

  get memory(): { readonly bytes: number; readonly used: number } {
    return this.device.memory;
  }

  wantsTurn(): boolean {
    return false;
  }

  compile(plan: Plan): Executable {
    const { device } = this;
    assertThere(device);
    const { maxBuffers, tiles, limits } = device;
    const programs = toPrograms(plan, { maxBuffers, tiles, maxStores: limits.maxStores });
    for (const { name, floats, outputs } of programs.plan.programs)
      assertFits(name, floats * outputs.length, device);
    for (const { floats, bound } of programs.plan.buffers)
      if (bound !== null) assertFits('run', floats, device);
    return new GpuExecutable(programs, device, this.#residents, (task) => this.#inTurn(task));
  }

  read(storage: Storage): TypedArray | Promise<TypedArray> {
    const block = this.#residents.find(storage);
    return block?.away ? this.#fetch(block.pin(), storage) : storage.array;
  }

  async #fetch(block: Block<M>, storage: Storage): Promise<TypedArray> {
    try {
      const { done } = await this.#inTurn(async () => {
        if (!block.failed) assertThere(this.device);
        return { done: this.#residents.fetch([block]) };
      });
      await done;
      await block.outcome;
    } finally {
      block.unpin();
    }
    if (block.failed) throw neverComputed();
    return storage.target;
  }

  async settle(): Promise<void> {
    try {
      const { done } = await this.#inTurn(async () => ({
        done: this.#residents.fetch(this.#residents.away),
      }));
      await done;
    } catch {
      // Values that are lost say so when they are asked for.
    }
  }

  /** Tasks come one after the other, each when the one before has issued what it has to. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function assertThere({ lost, name }: Device<unknown>): void {
  if (lost === null) return;
  throw new StateError(
    `[${name}] the device was lost: ${lost}. Values that were only there are gone. Make a new one: await setBackend(await gpu()).`,
  );
}

function assertFits(operation: string, floats: number, { name, maxFloats, adapter }: Device<unknown>): void {
  if (floats <= maxFloats) return;
  throw new StateError(
    `[${operation}] needs an array of ${4 * floats} bytes on the device, and ${name} on "${adapter}" takes ${4 * maxFloats} at ` +
      "most. Use smaller batches, or another backend: await setBackend('wasm').",
  );
}

/** A plan on the device. */
class GpuExecutable<M> implements Executable {
  readonly #programs: Programs;
  readonly #device: Device<M>;
  readonly #residents: Residents<M>;
  readonly #inTurn: <T>(task: () => Promise<T>) => Promise<T>;
  readonly #loading: Promise<DeviceProgram<M>>;
  /** The bound storages that the programs read or write. */
  readonly #uses: readonly boolean[];

  constructor(
    programs: Programs,
    device: Device<M>,
    residents: Residents<M>,
    inTurn: <T>(task: () => Promise<T>) => Promise<T>,
  ) {
    this.#programs = programs;
    this.#device = device;
    this.#residents = residents;
    this.#inTurn = inTurn;
    this.#loading = device.load(programs.plan);
    // Whoever runs it hears of a failure.
    this.#loading.catch(() => {});
    const { buffers, programs: all } = programs.plan;
    const used = new Set(all.flatMap(({ inputs }) => inputs));
    const rewritten = new Set(programs.kept.flatMap(({ kind, index }) => (kind === 'bound' ? [index] : [])));
    const uses: boolean[] = [];
    buffers.forEach(({ bound }, b) => {
      if (bound !== null) uses[bound] = used.has(b) || rewritten.has(bound);
    });
    this.#uses = uses;
  }

  run({ values, bound, results }: Bindings): Promise<Failure | null> {
    const { plan, kept } = this.#programs;
    const residents = this.#residents;
    residents.beginRun();
    const inputs: Block<M>[] = [];
    bound.forEach((storage, i) => {
      if (this.#uses[i]) inputs[i] = residents.enter(storage).pin();
    });
    const written = kept.map(({ kind, index }, k) => {
      const bytes = 4 * plan.buffers[plan.kept[k]!]!.floats;
      const block = kind === 'result' ? residents.expect(results[index]!, bytes) : inputs[index]!;
      if (kind === 'bound') block.asked++;
      block.waiting++;
      return block.pin();
    });
    const floats = new Float32Array(plan.values);
    encodeValues(values.slice(0, plan.values / FLOATS_PER_VALUE), floats);
    const outcome = this.#inTurn(() => this.#issue(floats, inputs, written)).then(({ verdict }) => verdict);
    const made = written.filter((_, k) => kept[k]!.kind === 'result');
    const known = outcome.then(
      (failure) => failure === null,
      () => false,
    );
    for (const block of made) {
      block.outcome = known.then((fine) => {
        block.outcome = null;
        if (!fine) block.fail();
      });
    }
    return outcome;
  }

  /** Issues a run in its turn. */
  async #issue(
    values: Float32Array,
    inputs: readonly Block<M>[],
    written: readonly Block<M>[],
  ): Promise<{ verdict: Promise<Failure | null> }> {
    const { kept } = this.#programs;
    const device = this.#device;
    try {
      const program = await this.#loading;
      await this.#residents.leaving;
      assertThere(device);
      // What was to be computed must have been: a run may still fail whose results these are.
      for (const block of new Set(inputs)) {
        await block?.outcome;
        if (block?.failed) throw neverComputed();
      }
      const memories = program.issue(
        values,
        inputs.map((block) => block.memory!),
      );
      const small: Block<M>[] = [];
      written.forEach((block, k) => {
        if (block.memory !== null) device.release(block.memory);
        block.memory = memories[k]!;
        if (kept[k]!.kind === 'result' && block.bytes <= SMALL) small.push(block);
      });
      return { verdict: this.#judge(memories.slice(kept.length), small) };
    } finally {
      for (const block of written) block.waiting--;
      for (const block of [...inputs, ...written]) block?.unpin();
    }
  }

  /** What the checks say of a run that has been issued; small results come home with it. */
  async #judge(verdicts: readonly M[], small: readonly Block<M>[]): Promise<Failure | null> {
    const device = this.#device;
    const wanted = [...verdicts, ...small.map((block) => block.memory!)];
    const reading = wanted.length > 0 ? device.download(wanted) : device.finished().then(() => []);
    for (const memory of verdicts) device.release(memory);
    const numbers = await reading;
    const failure = this.#failure(numbers);
    if (failure === null)
      small.forEach((block, k) => {
        block.update(numbers[verdicts.length + k]!, 1);
      });
    return failure;
  }

  /** Of the checks that failed the first one, with its smallest value. */
  #failure(numbers: readonly Float32Array[]): Failure | null {
    let failure: Failure | null = null;
    this.#programs.checks.forEach((check, k) => {
      const [failed, worst] = [numbers[2 * k]!, numbers[2 * k + 1]!];
      if (failed[0] === 0) return;
      const value = worst.length === 1 ? worst[0]! : worst[0]! | (worst[1]! << 16);
      if (failure === null || check < failure.check || (check === failure.check && value < failure.value))
        failure = { check, value };
    });
    return failure;
  }

  release(): void {
    this.#inTurn(async () => (await this.#loading).release()).catch(() => {});
  }
}
