import { backendInfo } from 'ndgrad';
import type { TrialFunction } from 'ndgrad/search';
import { type space, toy } from '../../search/support.ts';

/** How many trials each worker runs before it hangs. */
const trials = Number(process.env.HANG_AFTER ?? Number.POSITIVE_INFINITY);
let run = 0;

const trial: TrialFunction<typeof space> = async (parameters, context) => {
  if (backendInfo().threads !== 1) throw new Error('more than one thread');
  if (run++ === trials) await new Promise(() => {});
  return toy(parameters, context);
};
export default trial;
