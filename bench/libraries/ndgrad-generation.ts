import type { Parameter, Tensor } from '../../src/index.ts';
import type { PreparedTask } from '../library-program.ts';
import { type GenerationTask, gptData, gptOf } from '../task.ts';
import type { Ndgrad } from './ndgrad-module.ts';

/** Generation of tokens by a GPT that is made of layers. */
export async function generating(ndgrad: Ndgrad, wanted: GenerationTask): Promise<PreparedTask> {
  const { Dense, Embedding, generate, LayerNorm, PositionEmbedding, Sequential, tensor, TransformerBlock } =
    ndgrad;
  const { layers, width, heads, vocabulary, batch, prompt, tokens, cache } = wanted;
  const data = gptData(gptOf(wanted));
  const values = new Map(
    data.parameters.map(({ name, shape, values }): [string, Tensor] => [name, tensor(values, { shape })]),
  );
  const set = (parameter: Parameter | null, name: string, columns?: [number, number]): Promise<void> => {
    const value = values.get(name)!;
    return parameter!.assign(
      columns === undefined ? value : value.slice(...value.shape.slice(1).map(() => null), columns),
    );
  };
  const embedding = new Embedding(vocabulary, width);
  const positions = new PositionEmbedding(prompt + tokens, width);
  const blocks = Array.from({ length: layers }, () => new TransformerBlock(width, heads, { causal: true }));
  const norm = new LayerNorm(width);
  const head = new Dense(width, vocabulary, { bias: false });
  await set(embedding.kernel, 'tokens');
  await set(positions.kernel, 'positions');
  for (const [i, block] of blocks.entries()) {
    const { norm1, norm2, attention, up, down } = block;
    for (const [layer, name] of [
      [norm1, 'norm1'],
      [norm2, 'norm2'],
    ] as const) {
      await set(layer.gamma, `${i}.${name}.gamma`);
      if ('beta' in layer) await set(layer.beta, `${i}.${name}.beta`);
    }
    for (const [k, layer] of [attention.query, attention.key, attention.value].entries()) {
      await set(layer.kernel, `${i}.qkv.kernel`, [k * width, (k + 1) * width]);
      await set(layer.bias, `${i}.qkv.bias`, [k * width, (k + 1) * width]);
    }
    for (const [layer, name] of [
      [attention.output, 'projection'],
      [up, 'up'],
      [down, 'down'],
    ] as const) {
      await set(layer.kernel, `${i}.${name}.kernel`);
      await set(layer.bias, `${i}.${name}.bias`);
    }
  }
  await set(norm.gamma, 'norm.gamma');
  await set(norm.beta, 'norm.beta');
  await set(head.kernel, 'head');
  const model = new Sequential([embedding, positions, ...blocks, norm, head]);
  const start = tensor(data.tokens, { shape: [batch, prompt + tokens], copy: false }).slice(null, [
    0,
    prompt,
  ]);
  const once = () => generate(model, start, { maxTokens: tokens, temperature: 0, cache });
  return {
    async run(times) {
      for (let i = 0; i < times; i++) await once();
    },
    result: async () => (await once()).data(),
  };
}
