import type { Tensor } from '../../src/index.ts';
import type { PreparedTask } from '../library-program.ts';
import { adam as adamSettings, type GptTask, gptData } from '../task.ts';
import type { Ndgrad } from './ndgrad-module.ts';

/** Training steps of a GPT that is written with operations on tensors, over the batches in turn. */
export function trainingGpt(ndgrad: Ndgrad, wanted: GptTask): PreparedTask {
  const { Adam, arange, gelu, Parameter, softmax, softmaxCrossEntropy, standardize, take, tensor, where } =
    ndgrad;
  const { layers, width, heads, length, batch, batches } = wanted;
  const data = gptData(wanted);
  const all = new Map(
    data.parameters.map(({ name, shape, values }) => [name, new Parameter(tensor(values, { shape }))]),
  );
  const parameter = (name: string): Tensor => all.get(name)!;
  const sequences = (values: Int32Array): Tensor =>
    tensor(values, { shape: [batch * batches, length], copy: false });
  const [tokens, next] = [sequences(data.tokens), sequences(data.next)];
  const positions: Tensor = arange(length);
  const isPast = positions.reshape([length, 1]).greaterEqual(positions);

  const dense = (x: Tensor, name: string): Tensor =>
    x.matmul(parameter(`${name}.kernel`)).add(parameter(`${name}.bias`));
  const norm = (x: Tensor, name: string): Tensor =>
    standardize(x, -1, parameter(`${name}.gamma`), parameter(`${name}.beta`));
  const size = width / heads;
  const attention = (x: Tensor, name: string): Tensor => {
    const qkv: Tensor = dense(x, `${name}.qkv`)
      .reshape([batch, length, 3, heads, size])
      .transpose([2, 0, 3, 1, 4]);
    const [q, k, v] = [0, 1, 2].map((i): Tensor => qkv.slice(i)) as [Tensor, Tensor, Tensor];
    const scores: Tensor = q.matmul(k.transpose([0, 1, 3, 2])).mul(size ** -0.5);
    const weights: Tensor = softmax(where(isPast, scores, Number.NEGATIVE_INFINITY));
    const heard = weights.matmul(v).transpose([0, 2, 1, 3]).reshape([-1, width]);
    return dense(heard, `${name}.projection`);
  };

  const adam = new Adam([...all.values()], {
    learningRate: adamSettings.learningRate,
    betas: [adamSettings.beta1, adamSettings.beta2],
    epsilon: adamSettings.epsilon,
  });
  let at = 0;
  const step = async (): Promise<Tensor> => {
    const rows: [number, number] = [at * batch, (at + 1) * batch];
    at = (at + 1) % batches;
    let h: Tensor = take(parameter('tokens'), tokens.slice(rows))
      .add(parameter('positions'))
      .reshape([-1, width]);
    for (let i = 0; i < layers; i++) {
      h = h.add(attention(norm(h, `${i}.norm1`), `${i}`));
      h = h.add(dense(gelu(dense(norm(h, `${i}.norm2`), `${i}.up`)), `${i}.down`));
    }
    const logits: Tensor = norm(h, 'norm').matmul(parameter('head'));
    const loss = softmaxCrossEntropy(logits, next.slice(rows).reshape([-1]));
    await adam.minimize(loss);
    return loss;
  };
  return {
    async run(times) {
      for (let i = 0; i < times; i++) await step();
    },
    result: async () => (await step()).data(),
  };
}
