import { Sequential } from '../../layers/container/sequential.ts';
import { activationLayer, readActivation } from '../activations.ts';
import type { MakePlan } from './plan.ts';

/** A layer with an activation: if that has no name here, a Sequential of the layer without it and the activation. */
export const activated =
  (makePlan: MakePlan): MakePlan =>
  (input) => {
    const { name, settings, version } = input;
    const chosen = readActivation(settings.get('activation'), version);
    if (chosen === undefined || typeof chosen === 'string') return makePlan(input);
    const plan = makePlan({ ...input, name: 'layer', settings: settings.without('activation') });
    return {
      ...plan,
      make: async (weights) =>
        new Sequential([await plan.make(weights), activationLayer(chosen, 'activation')], { name }),
    };
  };
