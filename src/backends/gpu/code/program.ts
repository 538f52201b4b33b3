import type { ShaderProgram } from '../device/device.ts';
import { floatsOf } from '../device/encoding.ts';
import { accType, type DraftBuffer } from '../passes/plan-draft.ts';
import type { DeviceKernel } from '../passes/split-kernels.ts';
import { withLibrary } from '../shader/library.ts';
import { contractSource, contractVec4, rowsHoldVec4 } from './contract.ts';
import { accessPositions, expressions, storeNumbers } from './expression.ts';
import { CodeBlock, ProgramWriter } from './program-writer.ts';
import { reduceSource } from './reduce.ts';
import { scatterSource } from './scatter.ts';
import { tiledEntry, tiledWorkgroups } from './tiled.ts';

/** The shader program of a kernel, and the draft's buffers that it reads and writes. */
export interface WrittenKernel {
  readonly kind: 'program';
  readonly program: ShaderProgram;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The number of the plan's values that it needs. */
  readonly valueCount: number;
}

/** Writes the shader program of a kernel. */
export function toShaderProgram(kernel: DeviceKernel, buffers: readonly DraftBuffer[]): WrittenKernel {
  const { source, stores } = kernel;
  const writer = new ProgramWriter(buffers);
  const { dtype, size } = buffers[stores[0]!.buffer]!;
  const numbers = floatsOf[dtype];
  const tiled = source.kind === 'contract' && source.tiled;
  const vec4 = source.kind === 'contract' && !tiled && numbers === 1 && rowsHoldVec4(kernel, source);
  const parts = [epilogue(kernel, writer)];
  if (tiled) parts.push(tiledEntry(source, writer));
  else if (vec4) parts.push(contractVec4(kernel, source, writer));
  else {
    if (source.kind !== 'map')
      parts.push(`fn source(e: i32) -> ${accType(source)} {\n${sourceOf(kernel, writer)}\n}`);
    parts.push(pointOf(kernel, numbers));
  }
  const program: ShaderProgram = {
    name: kernel.name,
    reads: writer.inputs.length,
    writes: stores.length,
    floats: size * numbers,
    body: withLibrary(parts.join('\n')),
    usesValues: writer.valueCount > 0,
    vec4,
    workgroups: tiled ? tiledWorkgroups(source) : null,
  };
  const outputs = stores.map((store) => store.buffer);
  return { kind: 'program', program, inputs: writer.inputs, outputs, valueCount: writer.valueCount };
}

/** The program that writes arrays of these lengths one after the other. */
export function joinProgram(name: string, lengths: readonly number[]): ShaderProgram {
  let from = 0;
  const lines = lengths.map((length, k) => {
    const value = `return load_${k}(i - ${from});`;
    from += length;
    return k === lengths.length - 1 ? value : `if (i < ${from}) { ${value} }`;
  });
  return {
    name,
    reads: lengths.length,
    writes: 1,
    floats: from,
    body: `fn point(i: i32) -> f32 {\n${lines.join('\n')}\n}`,
    usesValues: false,
    vec4: false,
    workgroups: null,
  };
}

/**
 * The function `finish`, which computes the values of the stores at element e from the source's result. It returns the number of the
 * first store (for an int32 its value) and writes those of the others. In a tiled program it writes all of them.
 */
function epilogue(kernel: DeviceKernel, writer: ProgramWriter): string {
  const { source, shape, inputs, stores } = kernel;
  const block = new CodeBlock(writer);
  const partial =
    (source.kind === 'reduce' && source.parts !== null) || (source.kind === 'contract' && source.parts > 1);
  const at = partial ? [] : accessPositions(block, 'e', shape, inputs);
  const acc = source.kind === 'map' ? null : 'acc';
  const values = expressions(
    block,
    stores.map((store) => store.expr),
    inputs,
    at,
    acc,
  );
  const parameters = acc === null ? 'e: i32' : `e: i32, acc: ${accType(source)}`;
  const tiled = source.kind === 'contract' && source.tiled;
  const isPair = writer.dtype(stores[0]!.buffer) === 'int32';
  const numbers = isPair ? values : storeNumbers(block, stores, values);
  for (let k = tiled ? 0 : 1; k < stores.length; k++) block.add(`store_${k}(e, ${numbers[k]});`);
  if (tiled) return `fn finish(${parameters}) {\n${block}\n}`;
  return `fn finish(${parameters}) -> ${isPair ? 'i32' : 'f32'} {\n${block}\nreturn ${numbers[0]};\n}`;
}

function pointOf({ source }: DeviceKernel, floats: 1 | 2): string {
  const at = (e: string): string => (source.kind === 'map' ? `finish(${e})` : `finish(${e}, source(${e}))`);
  if (floats === 1) return `fn point(i: i32) -> f32 {\nreturn ${at('i')};\n}`;
  return [
    'fn point(i: i32) -> f32 {',
    'let e: i32 = i / 2;',
    `let x: u32 = bitcast<u32>(${at('e')});`,
    'return f32(select(x & 65535u, x >> 16u, i - 2 * e == 1));',
    '}',
  ].join('\n');
}

function sourceOf(kernel: DeviceKernel, writer: ProgramWriter): string {
  const { source } = kernel;
  const block = new CodeBlock(writer);
  let result = '0';
  if (source.kind === 'reduce') result = reduceSource(block, kernel, source);
  if (source.kind === 'contract') result = contractSource(block, kernel, source);
  if (source.kind === 'scatter') result = scatterSource(block, kernel, source);
  block.add(`return ${result};`);
  return block.toString();
}
