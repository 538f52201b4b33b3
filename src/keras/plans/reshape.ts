import { Reshape } from '../../layers/shape/reshape.ts';
import { Refusal, shown } from '../settings.ts';
import { type MakePlan, plain } from './plan.ts';

export const reshaping: MakePlan = ({ settings, name }) => {
  // TensorFlow.js writes null for -1.
  const given = settings.get('target_shape');
  const shape = Array.isArray(given) ? given.map((d) => d ?? -1) : given;
  const isDimension = (d: unknown): boolean =>
    Number.isInteger(d) && (d as number) >= -1 && (d as number) <= 0x7fffffff;
  if (!Array.isArray(shape) || !shape.every(isDimension) || shape.filter((d) => d === -1).length > 1)
    throw new Refusal(`target_shape ${shown(shape)}`);
  return plain(1 + shape.length, () => new Reshape(shape, { name }));
};
