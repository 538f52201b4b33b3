import type { LibraryProgram, PreparedTask } from '../library-program.ts';
import { importPeer } from '../peers.ts';
import { serve } from '../serve.ts';
import * as task from '../task.ts';

// The part of convnetjs that is used; it has no types. Everything is in double precision, channels last.
interface Vol {
  readonly w: Float64Array;
  dw: Float64Array;
}
interface Layer {
  forward(x: Vol, training: boolean): Vol;
  backward(): void;
}
interface Filtered {
  readonly filters: readonly Vol[];
  readonly biases: Vol;
}
interface Net {
  readonly layers: readonly (Layer & Partial<Filtered>)[];
  makeLayers(definitions: readonly Readonly<Record<string, unknown>>[]): void;
  forward(x: Vol, training: boolean): Vol;
  /** Adds the sample's gradients to those of the parameters. Returns its loss. */
  backward(label: number): number;
  getParamsAndGrads(): readonly { readonly params: Float64Array; readonly grads: Float64Array }[];
}
type Options = Readonly<Record<string, number>>;
interface Convnetjs {
  readonly Vol: new (width: number, height: number, depth: number, fill: number) => Vol;
  readonly ConvLayer: new (options: Options) => Layer & Filtered;
  readonly PoolLayer: new (options: Options) => Layer;
  readonly Net: new () => Net;
}

/** Square images [batch, size, size, channels] as volumes. */
function volumes({ Vol }: Convnetjs, values: Float32Array, size: number, channels: number): Vol[] {
  const width = size ** 2 * channels;
  return Array.from({ length: values.length / width }, (_, i) => {
    const volume = new Vol(size, size, channels, 0);
    volume.w.set(values.subarray(i * width, (i + 1) * width));
    return volume;
  });
}

/** Sets one filter per output from a kernel [..., outputs]. */
function setFilters({ filters, biases }: Filtered, kernel: Float32Array, bias: Float32Array): void {
  for (const [output, { w }] of filters.entries()) {
    for (let i = 0; i < w.length; i++) w[i] = kernel[i * filters.length + output]!;
  }
  biases.w.set(bias);
}

/** Runs a layer on one image after another. `gradient` is the gradient of all results. */
function computing(layer: Layer, images: readonly Vol[], gradient: Float32Array | null): PreparedTask {
  let results: Vol[] = [];
  const filters = 'filters' in layer ? (layer as Layer & Filtered).filters : [];
  const once = (): void => {
    results = [];
    for (const { dw } of filters) dw.fill(0); // backward adds to them
    for (const [i, image] of images.entries()) {
      const result = layer.forward(image, true);
      results.push(result);
      if (gradient === null) continue;
      const width = result.w.length;
      result.dw.set(gradient.subarray(i * width, (i + 1) * width));
      layer.backward();
    }
  };
  return {
    async run(times) {
      for (let i = 0; i < times; i++) once();
    },
    async result() {
      once();
      const values = results.flatMap(({ w }) => Array.from(w));
      if (gradient === null) return values;
      for (const { dw } of images) for (const value of dw) values.push(value);
      for (let i = 0; i < (filters[0]?.dw.length ?? 0); i++)
        for (const { dw } of filters) values.push(dw[i]!);
      return values;
    },
  };
}

function convolution(convnetjs: Convnetjs, wanted: task.ConvolutionTask): PreparedTask {
  const { size, inputs, outputs, kernelSize, gradients } = wanted;
  const { x, kernel, gradient } = task.convolutionData(wanted);
  const layer = new convnetjs.ConvLayer({
    ...{ in_sx: size, in_sy: size, in_depth: inputs },
    ...{ filters: outputs, sx: kernelSize, pad: (kernelSize - 1) / 2 },
  });
  setFilters(layer, kernel, new Float32Array(outputs));
  return computing(layer, volumes(convnetjs, x, size, inputs), gradients ? gradient : null);
}

function pooling(convnetjs: Convnetjs, wanted: task.PoolingTask): PreparedTask {
  const { size, channels, window, gradients } = wanted;
  const { x, gradient } = task.poolingData(wanted);
  const layer = new convnetjs.PoolLayer({
    ...{ in_sx: size, in_sy: size, in_depth: channels },
    ...{ sx: window, stride: window },
  });
  return computing(layer, volumes(convnetjs, x, size, channels), gradients ? gradient : null);
}

/** Adam, which convnetjs lacks, with the mean of the gradients of a batch. */
function adam(net: Net, batch: number): () => void {
  const { learningRate, beta1, beta2, epsilon } = task.adam;
  const parameters = net.getParamsAndGrads().map(({ params, grads }) => {
    const zeros = () => new Float64Array(params.length);
    return { params, grads, m: zeros(), v: zeros() };
  });
  let t = 0;
  return () => {
    t++;
    const rate = learningRate / (1 - beta1 ** t);
    const correction = 1 / (1 - beta2 ** t);
    for (const { params, grads, m, v } of parameters) {
      for (let i = 0; i < params.length; i++) {
        const g = grads[i]! / batch;
        m[i] = beta1 * m[i]! + (1 - beta1) * g;
        v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
        params[i]! -= (rate * m[i]!) / (Math.sqrt(v[i]! * correction) + epsilon);
        grads[i] = 0;
      }
    }
  };
}

function convnet(convnetjs: Convnetjs, wanted: task.ConvnetTask): PreparedTask {
  const { size, channels, kernelSize, classes, batch, batches } = wanted;
  const { convolutions, dense, x, labels } = task.convnetData(wanted);
  const net = new convnetjs.Net();
  net.makeLayers([
    { type: 'input', out_sx: size, out_sy: size, out_depth: channels[0] },
    ...convolutions.flatMap(({ outputs: filters }) => [
      { type: 'conv', sx: kernelSize, filters, pad: (kernelSize - 1) / 2, activation: 'relu' },
      { type: 'pool', sx: 2, stride: 2 },
    ]),
    { type: 'softmax', num_classes: classes }, // a fully connected layer and softmax
  ]);
  const filtered = net.layers.filter((layer): layer is Layer & Filtered => layer.filters !== undefined);
  for (const [i, { kernel, bias }] of [...convolutions, dense].entries()) {
    setFilters(filtered[i]!, kernel, bias);
  }
  const update = adam(net, batch);
  const width = size ** 2 * channels[0]!;
  let at = 0;
  const step = (): number => {
    let loss = 0;
    const images = x.subarray(at * batch * width, (at + 1) * batch * width);
    for (const [i, image] of volumes(convnetjs, images, size, channels[0]!).entries()) {
      net.forward(image, true);
      loss += net.backward(labels[at * batch + i]!);
    }
    at = (at + 1) % batches;
    update();
    return loss / batch;
  };
  return {
    async run(times) {
      for (let i = 0; i < times; i++) step();
    },
    result: async () => [step()],
  };
}

await serve(async (): Promise<LibraryProgram> => {
  const convnetjs = await importPeer<Convnetjs>('convnetjs');
  return {
    about: 'plain JavaScript, double precision, one sample at a time',
    async prepare(wanted) {
      if (wanted.kind === 'convolution') return convolution(convnetjs, wanted);
      if (wanted.kind === 'pooling') return pooling(convnetjs, wanted);
      return wanted.kind === 'convnet' ? convnet(convnetjs, wanted) : null;
    },
  };
});
