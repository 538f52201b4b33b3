import type { Device, DeviceExecutable, DevicePlan } from '../../../../src/backends/gpu/device/device.ts';
import { type Memory, webgl2Device } from '../../../../src/backends/gpu/webgl2/index.ts';
import { loadGpuJs } from '../../../../src/gpu/load.ts';

// The functions that device.test.ts calls in a page.

/** Numbers of WebGL objects that were created and not deleted, by kind. */
const alive: Record<string, number> = {};
const KINDS = ['Texture', 'Buffer', 'Framebuffer', 'Program', 'Shader', 'VertexArray', 'Query'];

/** Counts the objects that a context creates and deletes. */
function count(gl: WebGL2RenderingContext): void {
  const methods = gl as Record<string, unknown> & WebGL2RenderingContext;
  for (const kind of KINDS) {
    alive[kind] = 0;
    const create = methods[`create${kind}`] as (...args: unknown[]) => object;
    const remove = methods[`delete${kind}`] as (object: object | null) => void;
    const made = new Set<object>();
    methods[`create${kind}`] = (...args: unknown[]) => {
      const object = create.apply(gl, args);
      made.add(object);
      alive[kind] = made.size;
      return object;
    };
    methods[`delete${kind}`] = (object: object | null) => {
      remove.call(gl, object);
      if (object) made.delete(object);
      alive[kind] = made.size;
    };
  }
}

let gl: WebGL2RenderingContext;
let device: Device<Memory>;

/** Opens a device on a new context. The other functions use it from then on. */
export async function open() {
  gl = new OffscreenCanvas(1, 1).getContext('webgl2')!;
  gl.getExtension('EXT_color_buffer_float');
  count(gl);
  device = webgl2Device({ gpuJs: await loadGpuJs(), context: gl, name: 'the adapter' });
  const { name, adapter, limits, maxBuffers, tiles, maxFloats, lost } = device;
  const units: number = gl.getParameter(gl.MAX_TEXTURE_IMAGE_UNITS);
  const side: number = gl.getParameter(gl.MAX_TEXTURE_SIZE);
  return { name, adapter, limits, maxBuffers, tiles, maxFloats, lost, units, side };
}

export const objects = () => ({ ...alive });
export const memory = () => device.memory;
export const destroy = () => device.destroy();
export const finished = () => device.finished();
export const lost = () => device.lost;

const upload = (arrays: readonly (readonly number[])[]) =>
  arrays.map((array) => device.upload(Float32Array.from(array)));

const download = async (memories: readonly Memory[]) =>
  (await device.download(memories)).map((array) => [...array]);

/** Issues a run, which is synchronous on WebGL2. */
function issue(program: DeviceExecutable<Memory>, inputs: Memory[], values = new Float32Array(0)): Memory[] {
  const memories = program.issue(values, inputs);
  if (memories instanceof Promise) throw new Error('[test] got a promise, wanted arrays.');
  return memories;
}

/** Uploads and reads back. */
export async function copy(arrays: readonly (readonly number[])[]) {
  const memories = upload(arrays);
  const copies = await download(memories);
  for (const m of memories) device.release(m);
  return copies;
}

/** Runs a plan once, and releases everything. Returns the results. */
export async function run(plan: DevicePlan, bound: readonly (readonly number[])[], values: number[] = []) {
  const inputs = upload(bound);
  const program = await device.load(plan);
  const results = issue(program, inputs, Float32Array.from(values));
  program.release();
  for (const m of inputs) device.release(m);
  const numbers = await download(results);
  for (const m of results) device.release(m);
  return numbers;
}

/** Runs several plans that are loaded together. Releases each one's programs before the next one runs. */
export async function runInTurn(plans: readonly DevicePlan[], bound: readonly (readonly number[])[]) {
  const programs = await Promise.all(plans.map((plan) => device.load(plan)));
  const compiled = alive.Program!;
  const inputs = upload(bound);
  const results: number[][] = [];
  for (const program of programs) {
    const memories = issue(program, inputs);
    results.push(...(await download(memories)));
    for (const m of memories) device.release(m);
    program.release();
  }
  for (const m of inputs) device.release(m);
  return { results, compiled };
}

/** Runs a plan repeatedly. Its first result is the first bound storage of the next run; the value is the number of the run. */
export async function train(plan: DevicePlan, bound: readonly (readonly number[])[], runs: number) {
  const program = await device.load(plan);
  const inputs = upload(bound);
  const counts: { objects: Record<string, number>; bytes: number; used: number }[] = [];
  for (let i = 0; i < runs; i++) {
    const results = issue(program, inputs, Float32Array.of(i));
    // Like a training step: reads the loss, and replaces the old parameters by the new ones.
    if (i % 10 === 0) await device.download(results.slice(1));
    for (const m of results.slice(1)) device.release(m);
    device.release(inputs[0]!);
    inputs[0] = results[0]!;
    if (i === 5 || i === runs - 1) counts.push({ objects: objects(), ...device.memory });
  }
  const [last] = await download(inputs.slice(0, 1));
  for (const m of inputs) device.release(m);
  program.release();
  return { counts, last: last! };
}

/** Reverses a long array on the device. Returns the number of wrong elements. */
export async function reverse(plan: DevicePlan, floats: number) {
  // Exact in float32, and different within about 2^24 neighboring elements.
  const data = new Float32Array(floats);
  for (let i = 0; i < floats; i++) data[i] = i % 16777213;
  const input = device.upload(data);
  const program = await device.load(plan);
  const [result] = issue(program, [input]);
  const [numbers] = await device.download([result!]);
  let wrong = 0;
  for (let i = 0; i < floats; i++) if (numbers![i] !== data[floats - 1 - i]) wrong++;
  device.release(input);
  device.release(result!);
  program.release();
  return wrong;
}

const messageOf = (error: unknown) =>
  error instanceof Error ? `${error.name}: ${error.message}` : `${error}`;

function attempt(what: () => void): string {
  try {
    what();
    return 'none';
  } catch (error) {
    return messageOf(error);
  }
}

/** The error message of compiling a plan. */
export const loadError = (plan: DevicePlan) => device.load(plan).then(() => 'none', messageOf);

/**
 * Runs a plan while WebGL reports that it is out of memory, `times` times from new texture number `textures` on. Then runs
 * the plan again without faults.
 */
export async function withFullMemory(
  textures: number,
  times: number,
  plan: DevicePlan,
  bound: readonly (readonly number[])[],
) {
  const inputs = upload(bound);
  const program = await device.load(plan);
  const usedBefore = device.memory.used;
  const { texStorage2D, getError } = gl;
  let made = 0;
  let full = false;
  gl.texStorage2D = (...args) => {
    full = made >= textures && made < textures + times;
    made++;
    texStorage2D.apply(gl, args);
  };
  gl.getError = () => {
    const code = full ? gl.OUT_OF_MEMORY : getError.call(gl);
    full = false;
    return code;
  };
  const message = attempt(() => {
    for (const memory of issue(program, inputs)) device.release(memory);
  });
  gl.texStorage2D = texStorage2D;
  gl.getError = getError;
  const leaked = device.memory.used - usedBefore;
  const results = issue(program, inputs);
  const numbers = await download(results);
  for (const memory of [...results, ...inputs]) device.release(memory);
  program.release();
  return { message, leaked, numbers };
}

/**
 * Runs a plan whose results are not ready before the event loop has run `least` tasks. Returns how many it had run when the
 * results were read.
 */
export async function tasksWhileWaiting(
  plan: DevicePlan,
  bound: readonly (readonly number[])[],
  least: number,
) {
  const inputs = upload(bound);
  const program = await device.load(plan);
  const results = issue(program, inputs);
  let [tasks, waiting] = [0, true];
  const clientWaitSync = gl.clientWaitSync.bind(gl);
  gl.clientWaitSync = (...args) => (tasks < least ? gl.TIMEOUT_EXPIRED : clientWaitSync(...args));
  const done = device.download(results).finally(() => {
    waiting = false;
  });
  for (; waiting; tasks++) await new Promise((resolve) => setTimeout(resolve));
  gl.clientWaitSync = clientWaitSync;
  const numbers = await done;
  for (const memory of [...results, ...inputs]) device.release(memory);
  program.release();
  return { tasks, numbers: numbers.map((array) => [...array]) };
}

/** Loses the context during a download, then calls everything else. */
export async function lose(plan: DevicePlan, bound: readonly (readonly number[])[]) {
  const inputs = upload(bound);
  const program = await device.load(plan);
  const results = issue(program, inputs);
  const pending = device.download(results).then(() => 'none', messageOf);
  const finishing = device.finished().then(() => 'none', messageOf);
  gl.getExtension('WEBGL_lose_context')!.loseContext();
  const messages = {
    pending: await pending,
    finishing: await finishing,
    upload: attempt(() => void device.upload(new Float32Array(3))),
    issue: attempt(() => void issue(program, inputs)),
    load: await loadError(plan),
    download: await device.download(inputs).then(() => 'none', messageOf),
    release: attempt(() => {
      for (const m of inputs) device.release(m);
      program.release();
    }),
    destroy: await device.destroy().then(() => 'none', messageOf),
  };
  return { messages, lost: device.lost };
}

/** Makes WebGL report an unexpected error. Returns the error messages of this and the next call. */
export async function goWrong() {
  const { getError } = gl;
  gl.getError = () => gl.INVALID_OPERATION;
  const first = await device.finished().then(() => 'none', messageOf);
  gl.getError = getError;
  const next = attempt(() => void device.upload(new Float32Array(3)));
  await device.destroy();
  return { first, next };
}

/** Reads an array after its release. */
export async function useReleased() {
  const [memory] = upload([[1, 2, 3]]);
  device.release(memory!);
  return device.download([memory!]).then(() => 'none', messageOf);
}

/** Uploads arrays of ever different lengths. Returns the most bytes that were allocated, and the bytes in use at the end. */
export function variedLengths(from: number, to: number, step: number) {
  let most = 0;
  for (let n = from; n < to; n += step) {
    device.release(device.upload(new Float32Array(n)));
    most = Math.max(most, device.memory.bytes);
  }
  return { most, used: device.memory.used };
}

/** Runs a plan three times. Returns the number of textures that each run created. */
export async function texturesMade(plan: DevicePlan, bound: readonly (readonly number[])[]) {
  const { createTexture } = gl;
  let count = 0;
  gl.createTexture = () => {
    count++;
    return createTexture.call(gl);
  };
  const inputs = upload(bound);
  const program = await device.load(plan);
  const made: number[] = [];
  let last: number[] = [];
  for (let i = 0; i < 3; i++) {
    const before = count;
    const results = issue(program, inputs);
    made.push(count - before);
    [last = []] = await download(results);
    for (const memory of results) device.release(memory);
  }
  for (const memory of inputs) device.release(memory);
  program.release();
  gl.createTexture = createTexture;
  return { made, last };
}
