import type { Tensor } from '../../src/index.ts';
import type { PreparedTask } from '../library-program.ts';
import { adam as adamSettings, gatesOf, type RecurrentTask, recurrentData } from '../task.ts';
import type { Ndgrad } from './ndgrad-module.ts';

/** Training steps of a recurrent layer that is written with `scan`, over the batches in turn. */
export function trainingRecurrent(ndgrad: Ndgrad, wanted: RecurrentTask): PreparedTask {
  const { Adam, Parameter, scan, tensor, zeros } = ndgrad;
  const { cell, inputs, width, length, batch, batches } = wanted;
  const data = recurrentData(wanted);
  const columns = gatesOf(wanted) * width;
  const parameter = (values: Float32Array, shape: number[]) => new Parameter(tensor(values, { shape }));
  const w = parameter(data.inputKernel, [inputs, columns]);
  const u = parameter(data.recurrentKernel, [width, columns]);
  const b = parameter(data.inputBias, [columns]);
  const c = parameter(data.recurrentBias, [columns]);
  const x: Tensor = tensor(data.x, { shape: [batches, length, batch, inputs], copy: false });
  const gate = (z: Tensor, k: number): Tensor => z.slice(null, [k * width, (k + 1) * width]);

  const lstm = ([h, state]: readonly Tensor[], [xt]: readonly Tensor[]) => {
    const z: Tensor = xt!.matmul(w).add(b).add(h!.matmul(u).add(c));
    const kept = gate(z, 1).sigmoid().mul(state!);
    const next: Tensor = kept.add(gate(z, 0).sigmoid().mul(gate(z, 2).tanh()));
    const output: Tensor = gate(z, 3).sigmoid().mul(next.tanh());
    return [[output, next], [output]] as const;
  };
  const gru = ([h]: readonly Tensor[], [xt]: readonly Tensor[]) => {
    const [fromX, fromH]: [Tensor, Tensor] = [xt!.matmul(w).add(b), h!.matmul(u).add(c)];
    const reset = gate(fromX, 0).add(gate(fromH, 0)).sigmoid();
    const update: Tensor = gate(fromX, 1).add(gate(fromH, 1)).sigmoid();
    const fresh: Tensor = gate(fromX, 2)
      .add(reset.mul(gate(fromH, 2)))
      .tanh();
    const output: Tensor = fresh.add(update.mul(h!.sub(fresh)));
    return [[output], [output]] as const;
  };

  const adam = new Adam([w, u, b, c], {
    learningRate: adamSettings.learningRate,
    betas: [adamSettings.beta1, adamSettings.beta2],
    epsilon: adamSettings.epsilon,
  });
  const first: Tensor = zeros([batch, width]);
  let at = 0;
  const step = async (): Promise<Tensor> => {
    const sequences: Tensor = x.slice(at);
    at = (at + 1) % batches;
    const [, [outputs]] =
      cell === 'lstm' ? scan(lstm, [first, first], [sequences]) : scan(gru, [first], [sequences]);
    const loss: Tensor = outputs!.square().sum().div(batch);
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
