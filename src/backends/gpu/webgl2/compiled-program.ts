import { StateError } from '../../../ir/errors.ts';
import { errorMessage } from '../../../util/error-message.ts';
import type { ShaderProgram } from '../device/device.ts';
import type { TextureGpu, TextureKernelRun } from '../device/gpu-js.ts';
import { toGlsl } from '../shader/glsl.ts';
import type { Context } from './context.ts';
import { TextureArray, type TextureLayout } from './texture-pool.ts';

/** The textures that a program is compiled for. `values` is null if the program reads none. */
export interface ProgramLayouts {
  readonly output: TextureLayout;
  readonly inputs: readonly TextureLayout[];
  readonly values: TextureLayout | null;
}

/** What all compiled programs share. */
export interface SharedResources {
  readonly context: Context;
  /** Each draw call attaches its output to it. */
  readonly framebuffer: WebGLFramebuffer;
  readonly canvas: { width: number; height: number };
}

/**
 * A program compiled as a kernel of gpu.js, which writes the shader around it and issues the draw call. The arithmetic
 * is GLSL, since the translator of gpu.js makes floats of integer locals. The textures are managed here, so that programs
 * share them.
 */
export class CompiledProgram {
  readonly #context: Context;
  readonly #vertices: WebGLVertexArrayObject;
  readonly #run: TextureKernelRun;

  /** Compiles. Throws a StateError with the message of the driver if that fails. */
  constructor(gpu: TextureGpu, shared: SharedResources, program: ShaderProgram, shape: ProgramLayouts) {
    const { context } = shared;
    this.#context = context;
    // gpu.js sets up the vertex attributes only when it compiles, in global state, which other kernels change. So each
    // kernel gets its own vertex array.
    this.#vertices = context.gl.createVertexArray();
    try {
      this.#run = compile(gpu, shared, this.#vertices, glslOf(program, shape), shape);
    } catch (error) {
      context.gl.deleteVertexArray(this.#vertices);
      context.assertUsable();
      // gpu.js uses a program that was not linked and causes errors with it.
      context.forgetErrors();
      const reason = errorMessage(error);
      throw new StateError(`[${program.name}] its kernel does not compile on this device: ${reason}`, {
        cause: error,
      });
    }
  }

  /** Issues one draw call. `inputs` are the program's inputs in order, then the values if it reads them. */
  run(output: TextureArray, inputs: readonly TextureArray[]): void {
    const { kernel } = this.#run;
    this.#context.gl.bindVertexArray(this.#vertices);
    kernel.texture = output;
    this.#run(...inputs);
  }

  destroy(removeCanvasReferences: boolean): void {
    const { gl } = this.#context;
    const { kernel } = this.#run;
    // They are shared, so the kernel must not delete them.
    kernel.texture = null;
    kernel.framebuffer = null;
    kernel.destroy(removeCanvasReferences);
    gl.deleteVertexArray(this.#vertices);
  }
}

function compile(
  gpu: TextureGpu,
  { context: { gl }, framebuffer, canvas }: SharedResources,
  vertices: WebGLVertexArrayObject,
  source: string,
  { output, inputs, values }: ProgramLayouts,
): TextureKernelRun {
  const names = inputs.map((_, k) => `a${k}`);
  const layouts = [...inputs];
  if (values !== null) {
    names.push('values');
    layouts.push(values);
  }
  const placeholder = (layout: TextureLayout) => new TextureArray(layout, gl, null);
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

/** The GLSL of a program. Programs with the same text and texture sizes can share a compiled program. */
function glslOf(program: ShaderProgram, { output, inputs, values }: ProgramLayouts): string {
  const parts = inputs.map((layout, k) => reader(`load_${k}`, `user_a${k}`, layout));
  if (values !== null) parts.push(reader('value', 'user_values', values));
  parts.push(toGlsl(program.body), texel(program, output));
  return parts.join('\n');
}

function reader(name: string, sampler: string, { width }: TextureLayout): string {
  return `float ${name}(int i) {
  int t = i >> 2;
  return texelFetch(${sampler}, ivec2(t & ${width - 1}, t >> ${shiftOf(width)}), 0)[i & 3];
}`;
}

/** Four numbers of the output. Their index comes from the position of the fragment, since the index of gpu.js is rounded. */
function texel({ vec4 }: ShaderProgram, { width, floats }: TextureLayout): string {
  const points = [0, 1, 2, 3].map((k) => {
    const point = `point(i + ${k})`;
    return floats % 4 === 0 ? point : `i + ${k} < ${floats} ? ${point} : 0.0`;
  });
  return `vec4 texel() {
  int i = ((int(gl_FragCoord.y) << ${shiftOf(width)}) + int(gl_FragCoord.x)) << 2;
  if (i >= ${floats}) return vec4(0.0);
  return ${vec4 && floats % 4 === 0 ? 'quad(i)' : `vec4(${points.join(', ')})`};
}`;
}

/** The binary logarithm of a power of two. */
function shiftOf(width: number): number {
  return 31 - Math.clz32(width);
}
