import { backendInfo } from 'ndgrad';
import { benchMatmul } from './matmul.ts';
import { describeMachine } from './measure.ts';
import { benchStep } from './step.ts';

console.log(describeMachine(backendInfo()));
await benchMatmul();
await benchStep();
