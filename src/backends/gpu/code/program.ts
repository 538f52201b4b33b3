import type { Program } from '../device/device.ts';
import { floatsOf } from '../device/format.ts';
import { accType, type DraftBuffer } from '../passes/draft.ts';
import type { Job } from '../passes/jobs.ts';
import { withLibrary } from '../shader/library.ts';
import { contractQuad, contractSource, hasQuads } from './contract.ts';
import { accessPositions, expressions, storeNumbers } from './expression.ts';
import { reduceSource } from './reduce.ts';
import { scatterSource } from './scatter.ts';
import { tiledEntry, tiledWorkgroups } from './tiled.ts';
import { Block, Writer } from './writer.ts';

/** A job as a program, and how many of the plan's values there must be for it. */
export function programOf(job: Job, buffers: readonly DraftBuffer[]): { program: Program; slots: number } {
  const { source, stores } = job;
  const writer = new Writer(buffers);
  const { dtype, size } = buffers[stores[0]!.buffer]!;
  const numbers = floatsOf[dtype];
  const tiled = source.kind === 'contract' && source.tiled;
  const quad = source.kind === 'contract' && !tiled && numbers === 1 && hasQuads(job, source);
  const parts = [epilogue(job, writer)];
  if (tiled) parts.push(tiledEntry(source, writer));
  else if (quad) parts.push(contractQuad(job, source, writer));
  else {
    if (source.kind !== 'map')
      parts.push(`fn source(e: i32) -> ${accType(source)} {\n${sourceOf(job, writer)}\n}`);
    parts.push(pointOf(job, numbers));
  }
  const program: Program = {
    name: job.name,
    inputs: writer.inputs,
    outputs: stores.map((store) => store.buffer),
    floats: size * numbers,
    body: withLibrary(parts.join('\n')),
    usesValues: writer.slots > 0,
    quad,
    workgroups: tiled ? tiledWorkgroups(source) : null,
  };
  return { program, slots: writer.slots };
}

/**
 * `finish`, which computes what the stores write at element e from the source's result there: it gives the first
 * store's number (for an int32 its value) and writes the others'. In a tiled program it writes them all.
 */
function epilogue(job: Job, writer: Writer): string {
  const { source, shape, inputs, stores } = job;
  const block = new Block(writer);
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

function pointOf({ source }: Job, floats: 1 | 2): string {
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

function sourceOf(job: Job, writer: Writer): string {
  const { source } = job;
  const block = new Block(writer);
  let result = '0';
  if (source.kind === 'reduce') result = reduceSource(block, job, source);
  if (source.kind === 'contract') result = contractSource(block, job, source);
  if (source.kind === 'scatter') result = scatterSource(block, job, source);
  block.add(`return ${result};`);
  return block.toString();
}
