import { StateError } from '../../../ir/errors.ts';
import type { Program } from '../device/device.ts';
import type { TextureGpu, TextureKernelRun } from '../device/gpu-js.ts';
import { toGlsl } from '../shader/glsl.ts';
import type { Context } from './context.ts';
import { type Layout, Memory } from './textures.ts';

/** What a kernel is compiled for; `values` is null where the program reads none. */
export interface Shape {
  readonly output: Layout;
  readonly inputs: readonly Layout[];
  readonly values: Layout | null;
}

/** What kernels share. */
export interface Place {
  readonly context: Context;
  /** Each run attaches its output to it. */
  readonly framebuffer: WebGLFramebuffer;
  readonly canvas: { width: number; height: number };
}

/**
 * A program as a kernel of gpu.js. Only the kernel's text and its call are gpu.js's own: the arithmetic is GLSL, for
 * gpu.js's translator makes floats of integer locals, and the textures are ours, so that kernels share them.
 */
export class Kernel {
  readonly #context: Context;
  readonly #vertices: WebGLVertexArrayObject;
  readonly #run: TextureKernelRun;

  /** Compiles. Throws StateError, with what the driver says, if that fails. */
  constructor(gpu: TextureGpu, place: Place, program: Program, shape: Shape) {
    const { context } = place;
    this.#context = context;
    // gpu.js sets vertex attributes up once, when it compiles, for all kernels together; another kernel's place for
    // them, or that kernel's end, would spoil them.
    this.#vertices = context.gl.createVertexArray();
    try {
      this.#run = compile(gpu, place, this.#vertices, glslOf(program, shape), shape);
    } catch (error) {
      context.gl.deleteVertexArray(this.#vertices);
      context.requireAlive();
      // gpu.js goes on with a program that was not linked.
      context.forgetErrors();
      const reason = error instanceof Error ? error.message : String(error);
      throw new StateError(`[${program.name}] its kernel does not compile on this device: ${reason}`, {
        cause: error,
      });
    }
  }

  /** Issues one run. The inputs are in the order of the program's, then its values where it reads them. */
  run(output: Memory, inputs: readonly Memory[]): void {
    const { kernel } = this.#run;
    this.#context.gl.bindVertexArray(this.#vertices);
    kernel.texture = output;
    this.#run(...inputs);
  }

  destroy(removeCanvasReferences: boolean): void {
    const { gl } = this.#context;
    const { kernel } = this.#run;
    // Ours, not the kernel's.
    kernel.texture = null;
    kernel.framebuffer = null;
    kernel.destroy(removeCanvasReferences);
    gl.deleteVertexArray(this.#vertices);
  }
}

function compile(
  gpu: TextureGpu,
  { context: { gl }, framebuffer, canvas }: Place,
  vertices: WebGLVertexArrayObject,
  source: string,
  { output, inputs, values }: Shape,
): TextureKernelRun {
  const names = inputs.map((_, k) => `a${k}`);
  const layouts = [...inputs];
  if (values !== null) {
    names.push('values');
    layouts.push(values);
  }
  const placeholder = (layout: Layout) => new Memory(layout, gl, null);
  const run = gpu.createKernel(`function (${names.join(', ')}) { return texel(); }`, {
    context: gl,
    canvas,
    output: [output.width, output.height],
    texture: placeholder(output),
    nativeFunctions: [{ name: 'texel', source, returnType: 'Array(4)', argumentTypes: {} }],
    returnType: 'Array(4)',
    pipeline: true,
    precision: 'single',
    tactic: 'precision',
    optimizeFloatMemory: false,
  });
  const { kernel } = run;
  try {
    gl.bindVertexArray(vertices);
    run.build(...layouts.map(placeholder));
    if (!gl.getProgramParameter(kernel.program!, gl.LINK_STATUS)) {
      throw new Error(gl.getProgramInfoLog(kernel.program!) ?? 'it does not link.');
    }
  } catch (error) {
    kernel.texture = null;
    kernel.destroy(false);
    throw error;
  }
  gl.deleteFramebuffer(kernel.framebuffer);
  kernel.framebuffer = framebuffer;
  return run;
}

/** The text that a kernel consists of; programs with the same text and sizes can share a kernel. */
function glslOf(program: Program, { output, inputs, values }: Shape): string {
  const parts = inputs.map((layout, k) => reader(`load_${k}`, `user_a${k}`, layout));
  if (values !== null) parts.push(reader('value', 'user_values', values));
  parts.push(toGlsl(program.body), texel(program, output));
  return parts.join('\n');
}

function reader(name: string, sampler: string, { width }: Layout): string {
  return `float ${name}(int i) {
  int t = i >> 2;
  return texelFetch(${sampler}, ivec2(t & ${width - 1}, t >> ${shiftOf(width)}), 0)[i & 3];
}`;
}

/** Four numbers of the output. Where the fragment lies says which: what gpu.js computes it from is rounded. */
function texel({ quad }: Program, { width, floats }: Layout): string {
  const points = [0, 1, 2, 3].map((k) => {
    const point = `point(i + ${k})`;
    return floats % 4 === 0 ? point : `i + ${k} < ${floats} ? ${point} : 0.0`;
  });
  return `vec4 texel() {
  int i = ((int(gl_FragCoord.y) << ${shiftOf(width)}) + int(gl_FragCoord.x)) << 2;
  if (i >= ${floats}) return vec4(0.0);
  return ${quad && floats % 4 === 0 ? 'quad(i)' : `vec4(${points.join(', ')})`};
}`;
}

/** The binary logarithm of a power of two. */
function shiftOf(width: number): number {
  return 31 - Math.clz32(width);
}
