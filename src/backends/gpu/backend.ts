import type { Backend, Bindings, Executable, Failure, Limits } from '../../ir/backend.ts';
import { neverComputed } from '../../ir/device-copy.ts';
import type { TypedArray } from '../../ir/dtype.ts';
import { MemoryError } from '../../ir/errors.ts';
import type { Plan } from '../../ir/plan.ts';
import type { Storage } from '../../ir/storage.ts';
import { type Programs, toPrograms } from './compile.ts';
import type { Device, DeviceProgram } from './device/device.ts';
import { assertFits } from './device/fits.ts';
import { encodeValues, FLOATS_PER_VALUE } from './device/format.ts';
import { lostError } from './device/lost.ts';
import { type Block, DeviceCache } from './device-cache.ts';

/** Up to this many bytes a result is read back with the run that computes it: it costs no more than the verdict on the run. */
const SMALL = 32768;

/** Runs plans on a device. Runs are issued in the order in which they are asked for; nothing waits but whoever reads. */
export class GpuBackend<M> implements Backend {
  readonly threads = 1;
  readonly limits: Limits;
  readonly device: Device<M>;
  readonly #deviceCache: DeviceCache<M>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(device: Device<M>) {
    this.device = device;
    this.limits = device.limits;
    this.#deviceCache = new DeviceCache(device);
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

  wantsYield(): boolean {
    return false;
  }

  compile(plan: Plan): Executable {
    const { device } = this;
    assertThere(device);
    const { maxBuffers, maxFloats, tiles, limits } = device;
    const programs = toPrograms(plan, { maxBuffers, tiles, maxFloats, maxStores: limits.maxStores });
    for (const { name, floats } of programs.plan.programs) assertFits(name, floats, device);
    for (const { floats, bound } of programs.plan.buffers)
      if (bound !== null) assertFits('run', floats, device);
    return new GpuExecutable(programs, device, this.#deviceCache, (task) => this.#inTurn(task));
  }

  read(storage: Storage): TypedArray | Promise<TypedArray> {
    const block = this.#deviceCache.find(storage);
    return block?.stale ? this.#fetch(block.pin()) : storage.array;
  }

  async #fetch(block: Block<M>): Promise<TypedArray> {
    try {
      const { reading } = await this.#inTurn(async () => {
        if (!block.failed) assertThere(this.device);
        return { reading: this.#deviceCache.read(block) };
      });
      const values = await reading;
      await block.outcome;
      if (block.failed) throw neverComputed();
      return values;
    } finally {
      block.unpin();
    }
  }

  async settle(): Promise<void> {
    try {
      await this.#inTurn(async () => {
        const { staleBlocks: away } = this.#deviceCache;
        await Promise.all(away.map((block) => block.outcome));
        await this.#deviceCache.fetch(away.filter((block) => !block.failed));
      });
    } catch (error) {
      // Values that are lost say so when they are asked for.
      if (this.device.lost === null) throw error;
    }
  }

  /** Tasks come one after the other, each when the one before has issued what it has to. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function assertThere(device: Device<unknown>): void {
  const error = lostError(device);
  if (error !== null) throw error;
}

/** A plan on the device. */
class GpuExecutable<M> implements Executable {
  readonly #programs: Programs;
  readonly #device: Device<M>;
  readonly #deviceCache: DeviceCache<M>;
  readonly #inTurn: <T>(task: () => Promise<T>) => Promise<T>;
  readonly #loading: Promise<DeviceProgram<M>>;
  /** The bound storages that the programs read. */
  readonly #reads: readonly boolean[];

  constructor(
    programs: Programs,
    device: Device<M>,
    deviceCache: DeviceCache<M>,
    inTurn: <T>(task: () => Promise<T>) => Promise<T>,
  ) {
    this.#programs = programs;
    this.#device = device;
    this.#deviceCache = deviceCache;
    this.#inTurn = inTurn;
    this.#loading = device.load(programs.plan);
    // Whoever runs it hears of a failure.
    this.#loading.catch(() => {});
    const { buffers, programs: all } = programs.plan;
    const used = new Set(all.flatMap(({ inputs }) => inputs));
    const reads: boolean[] = [];
    buffers.forEach(({ bound }, b) => {
      if (bound !== null) reads[bound] = used.has(b);
    });
    this.#reads = reads;
  }

  run({ values, bound, results }: Bindings): Promise<Failure | null> {
    const { plan, kept } = this.#programs;
    const deviceCache = this.#deviceCache;
    deviceCache.beginRun();
    const inputs: Block<M>[] = [];
    const written: Block<M>[] = [];
    try {
      bound.forEach((storage, i) => {
        if (this.#reads[i]) inputs[i] = deviceCache.enter(storage).pin();
      });
      kept.forEach(({ kind, index }, k) => {
        const storage = kind === 'result' ? results[index]! : bound[index]!;
        written[k] = deviceCache.target(storage, 4 * plan.buffers[plan.kept[k]!]!.floats).pin();
      });
    } catch (error) {
      for (const block of [...inputs, ...written]) block?.unpin();
      return Promise.reject(error);
    }
    // Runs that may still fail whose results these are.
    const undecided = [...inputs, ...written].flatMap((block) => block?.outcome ?? []);
    for (const block of written) {
      block.asked++;
      block.waiting++;
    }
    const floats = new Float32Array(plan.values);
    encodeValues(values.slice(0, plan.values / FLOATS_PER_VALUE), floats);
    const outcome = this.#inTurn(() => this.#issue(floats, inputs, written, undecided)).then(
      ({ verdict }) => verdict,
    );
    const known = outcome.then(
      (failure) => failure === null,
      () => false,
    );
    written.forEach((block, k) => {
      if (kept[k]!.kind === 'bound') return;
      block.outcome = known.then((fine) => {
        block.outcome = null;
        if (!fine) block.fail();
      });
    });
    return outcome;
  }

  /** Issues a run in its turn. */
  async #issue(
    values: Float32Array,
    inputs: readonly Block<M>[],
    written: readonly Block<M>[],
    undecided: readonly Promise<unknown>[],
  ): Promise<{ verdict: Promise<Failure | null> }> {
    const { kept } = this.#programs;
    const device = this.#device;
    try {
      const program = await this.#loading;
      await this.#deviceCache.leaving;
      await Promise.all(undecided);
      assertThere(device);
      for (const block of inputs) {
        if (block?.failed) throw neverComputed();
        // Whoever was to write it failed before it had: the array counts.
        if (block?.memory === null) this.#deviceCache.renew(block);
      }
      const memories = await this.#attempt(program, values, inputs);
      const small: Block<M>[] = [];
      written.forEach((block, k) => {
        if (block.memory !== null) device.release(block.memory);
        block.memory = memories[k]!;
        block.failed = false;
        if (kept[k]!.kind === 'result' && block.bytes <= SMALL) small.push(block);
      });
      return { verdict: this.#judge(memories.slice(kept.length), small) };
    } catch (error) {
      // Arrays that are up to date count again, whatever became of the memory.
      written.forEach((block, k) => {
        if (kept[k]!.kind === 'bound') block.asked--;
      });
      for (const block of [...inputs, ...written]) if (block?.stale === false) block.drop();
      throw error;
    } finally {
      for (const block of written) block.waiting--;
      for (const block of [...inputs, ...written]) block?.unpin();
    }
  }

  /** Issues a run; where memory is short, once more without what need not be on the device. */
  async #attempt(program: DeviceProgram<M>, values: Float32Array, inputs: readonly Block<M>[]): Promise<M[]> {
    const memories = (): M[] => inputs.map((block) => block.memory!);
    try {
      return await program.issue(values, memories());
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      this.#deviceCache.shed();
      for (const block of inputs) if (block?.stale === false) this.#deviceCache.renew(block);
      return program.issue(values, memories());
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
        // The array has it now: the next run takes the same memory again.
        if (!block.stale && block.pins === 0) block.drop();
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
