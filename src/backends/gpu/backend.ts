import type { Backend, Bindings, Executable, Failure, Limits } from '../../ir/backend.ts';
import { neverComputed } from '../../ir/device-copy.ts';
import type { TypedArray } from '../../ir/dtype.ts';
import { MemoryError } from '../../ir/errors.ts';
import type { Plan } from '../../ir/plan.ts';
import type { Storage } from '../../ir/storage.ts';
import { assertArrayFits } from './device/array-size.ts';
import { type Device, type DeviceExecutable, programsOf } from './device/device.ts';
import { deviceLostError } from './device/device-lost.ts';
import { encodeValues } from './device/encoding.ts';
import { type Block, DeviceCache } from './device-cache.ts';
import { type GpuPlan, toGpuPlan } from './gpu-plan.ts';

/** Results of up to this many bytes are read back together with the check flags, which costs no extra round trip. */
const SMALL_RESULT_BYTES = 32768;

/** Runs plans on a device. Runs are issued in the order of the calls; only reads wait for the GPU. */
export class GpuBackend<M> implements Backend {
  readonly threads = 1;
  readonly limits: Limits;
  readonly device: Device<M>;
  readonly #deviceCache: DeviceCache<M>;
  #queueEnd: Promise<unknown> = Promise.resolve();

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
    assertUsable(device);
    const { maxBuffers, maxFloats, tiles, limits } = device;
    const gpuPlan = toGpuPlan(plan, { maxBuffers, tiles, maxFloats, maxStores: limits.maxStores });
    for (const { name, floats } of programsOf(gpuPlan.plan)) assertArrayFits(name, floats, device);
    for (const { floats, bound } of gpuPlan.plan.buffers)
      if (bound !== null) assertArrayFits('run', floats, device);
    return new GpuExecutable(gpuPlan, device, this.#deviceCache, (task) => this.#enqueue(task));
  }

  read(storage: Storage): TypedArray | Promise<TypedArray> {
    const block = this.#deviceCache.find(storage);
    return block?.stale ? this.#fetch(storage, block.pin()) : storage.array;
  }

  async #fetch(storage: Storage, block: Block<M>): Promise<TypedArray> {
    try {
      const { reading } = await this.#enqueue(async () => {
        if (block.failed || block.memory === null) return { reading: null };
        assertUsable(this.device);
        return { reading: this.#deviceCache.download(block) };
      });
      const floats = await reading;
      await block.outcome;
      if (floats !== null && !block.failed) return block.update(floats);
    } finally {
      block.unpin();
    }
    // After a failed run a Parameter has its previous values.
    if (storage.deviceCopy === block) throw neverComputed();
    return this.read(storage);
  }

  async settle(): Promise<void> {
    try {
      await this.#enqueue(async () => {
        await Promise.all(this.#deviceCache.staleBlocks.map((block) => block.outcome));
        await this.#deviceCache.fetch(this.#deviceCache.staleBlocks);
      });
    } catch (error) {
      // Lost values throw when they are read.
      if (this.device.lost === null) throw error;
    }
  }

  /** Runs tasks one after another: each starts when the previous one has issued its GPU work. */
  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#queueEnd.then(task);
    this.#queueEnd = result.catch(() => {});
    return result;
  }
}

function assertUsable(device: Device<unknown>): void {
  const error = deviceLostError(device);
  if (error !== null) throw error;
}

/** A plan on the device. */
class GpuExecutable<M> implements Executable {
  readonly #plan: GpuPlan;
  readonly #device: Device<M>;
  readonly #deviceCache: DeviceCache<M>;
  readonly #enqueue: <T>(task: () => Promise<T>) => Promise<T>;
  readonly #loading: Promise<DeviceExecutable<M>>;
  /** For each bound storage: do the programs read it? */
  readonly #reads: readonly boolean[];

  constructor(
    plan: GpuPlan,
    device: Device<M>,
    deviceCache: DeviceCache<M>,
    enqueue: <T>(task: () => Promise<T>) => Promise<T>,
  ) {
    this.#plan = plan;
    this.#device = device;
    this.#deviceCache = deviceCache;
    this.#enqueue = enqueue;
    this.#loading = device.load(plan.plan);
    // `run` reports a compilation error.
    this.#loading.catch(() => {});
    const { buffers, calls } = plan.plan;
    const used = new Set(calls.flatMap(({ inputs }) => inputs));
    const reads: boolean[] = [];
    buffers.forEach(({ bound }, b) => {
      if (bound !== null) reads[bound] = used.has(b);
    });
    this.#reads = reads;
  }

  run({ values, bound, results }: Bindings): Promise<Failure | null> {
    const { plan, outputs } = this.#plan;
    const deviceCache = this.#deviceCache;
    deviceCache.beginRun();
    const inputs: Block<M>[] = [];
    const written: Block<M>[] = [];
    try {
      bound.forEach((storage, i) => {
        if (this.#reads[i]) inputs[i] = deviceCache.forReading(storage).pin();
      });
      outputs.forEach(({ kind, index }, k) => {
        const bytes = 4 * plan.buffers[plan.outputs[k]!]!.floats;
        const block =
          kind === 'result'
            ? deviceCache.forResult(results[index]!, bytes)
            : deviceCache.forReplacement(bound[index]!, bytes);
        written[k] = block.pin();
      });
    } catch (error) {
      for (const block of inputs) block?.unpin();
      return Promise.reject(error);
    }
    // This run needs values of these earlier runs. If one of them fails, this run fails too.
    const needed = inputs.flatMap((block) => block?.outcome ?? []);
    const floats = encodeValues(values, plan.values, this.#plan.loopValues);
    const outcome = this.#enqueue(() => this.#issue(floats, inputs, written)).then(async ({ failure }) => {
      const own = await failure;
      if ((await Promise.all(needed)).includes(false)) throw neverComputed();
      return own;
    });
    const succeeded = outcome.then(
      (failure) => failure === null,
      () => false,
    );
    written.forEach((block, k) => {
      const { kind, index } = outputs[k]!;
      block.outcome = succeeded.then((success) => {
        block.outcome = null;
        if (kind === 'replacement') deviceCache.decide(bound[index]!, block, success);
        else if (!success) block.fail();
        return success;
      });
    });
    return outcome;
  }

  /** Issues a run when the queue reaches it. */
  async #issue(
    values: Float32Array,
    inputs: readonly Block<M>[],
    written: readonly Block<M>[],
  ): Promise<{ failure: Promise<Failure | null> }> {
    const { outputs } = this.#plan;
    const device = this.#device;
    try {
      const executable = await this.#loading;
      await this.#deviceCache.evicting;
      assertUsable(device);
      // The run that was to compute it failed, perhaps before it was issued.
      if (inputs.some((block) => block?.failed || block?.memory === null)) throw neverComputed();
      const memories = await this.#issueOrRetry(executable, values, inputs);
      const small: Block<M>[] = [];
      written.forEach((block, k) => {
        block.memory = memories[k]!;
        if (outputs[k]!.kind === 'result' && block.bytes <= SMALL_RESULT_BYTES) small.push(block);
      });
      return { failure: this.#readOutcome(memories.slice(outputs.length), small) };
    } catch (error) {
      for (const block of inputs) if (block?.stale === false) block.drop();
      throw error;
    } finally {
      for (const block of [...inputs, ...written]) block?.unpin();
    }
  }

  /** Issues a run. Where memory is short, drops all device copies whose arrays are up to date and tries once more. */
  async #issueOrRetry(
    executable: DeviceExecutable<M>,
    values: Float32Array,
    inputs: readonly Block<M>[],
  ): Promise<M[]> {
    const memories = (): M[] => inputs.map((block) => block.memory!);
    try {
      return await executable.issue(values, memories());
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      this.#deviceCache.dropCopies();
      for (const block of inputs) if (block?.stale === false) this.#deviceCache.uploadAgain(block);
      return executable.issue(values, memories());
    }
  }

  /** Reads the check results of an issued run, together with its small results. */
  async #readOutcome(checkMemories: readonly M[], small: readonly Block<M>[]): Promise<Failure | null> {
    const device = this.#device;
    const wanted = [...checkMemories, ...small.map((block) => block.memory!)];
    const reading = wanted.length > 0 ? device.download(wanted) : device.finished().then(() => []);
    for (const memory of checkMemories) device.release(memory);
    const numbers = await reading;
    const failure = this.#failure(numbers);
    if (failure === null)
      small.forEach((block, k) => {
        block.update(numbers[checkMemories.length + k]!);
        // The array has the values now, and the next run can reuse the memory.
        if (!block.stale && block.pins === 0) block.drop();
      });
    return failure;
  }

  /** The failed check with the lowest number, and its smallest failing value; null if all checks passed. */
  #failure(numbers: readonly Float32Array[]): Failure | null {
    let failure: Failure | null = null;
    this.#plan.checks.forEach((check, k) => {
      const [failed, worst] = [numbers[2 * k]!, numbers[2 * k + 1]!];
      if (failed[0] === 0) return;
      const value = worst.length === 1 ? worst[0]! : worst[0]! | (worst[1]! << 16);
      if (failure === null || check < failure.check || (check === failure.check && value < failure.value))
        failure = { check, value };
    });
    return failure;
  }

  release(): void {
    this.#enqueue(async () => (await this.#loading).release()).catch(() => {});
  }
}
