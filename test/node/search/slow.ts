import { backendInfo } from 'ndgrad';
import type { TrialFunction } from 'ndgrad/search';
import { type space, toy } from '../../search/support.ts';

const trial: TrialFunction<typeof space> = async (parameters, context) => {
  if (backendInfo().threads !== 1) throw new Error('more than one thread');
  await new Promise((resolve) => setTimeout(resolve, 100));
  return toy(parameters, context);
};
export default trial;
