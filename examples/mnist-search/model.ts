import { Adam, Dense, Dropout, Sequential } from 'ndgrad';
import { choice, integer, logUniform, type ParametersOf, uniform } from 'ndgrad/search';

/** The search space. */
export const space = {
  learningRate: logUniform(1e-4, 3e-2),
  batchSize: choice([64, 128, 256, 512]),
  layers: choice([1, 2]),
  width: integer(32, 256, { step: 32, log: true }),
  dropout: uniform(0, 0.5),
};

/** A network whose hidden layers have the same width, and its optimizer. */
export function build({ learningRate, layers, width, dropout }: ParametersOf<typeof space>) {
  const hidden = Array.from({ length: layers }, (_, i) => [
    new Dense(i === 0 ? 784 : width, width, { activation: 'relu' }),
    new Dropout(dropout),
  ]);
  const model = new Sequential([...hidden.flat(), new Dense(width, 10)]);
  return { model, optimizer: new Adam(model.parameters(), { learningRate }) };
}
