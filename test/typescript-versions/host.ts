// Where the types of a host are known, its own types are taken and given.
import type { EvaluateOptions, FitOptions, PredictOptions } from 'ndgrad';
import { blobSource, urlSource } from 'ndgrad/browser';
import { bullmq } from 'ndgrad/bullmq';
import { inWorkers } from 'ndgrad/node';
import type { SearchOptions, TrialContext } from 'ndgrad/search';

export const signal = AbortSignal.timeout(1000);
export const fitting: FitOptions['signal'] = signal;
export const evaluating: EvaluateOptions['signal'] = signal;
export const predicting: PredictOptions['signal'] = signal;
export const searching: SearchOptions<never, never>['signal'] = signal;
export const passedOn = (context: TrialContext): AbortSignal => context.signal;
export const trial = inWorkers(new URL('./trial.js', 'file:///'));
export const farTrial = bullmq(new URL('./trial.js', 'file:///'), { connection: { host: 'a', tls: {} } });
export const sources = [blobSource(new Blob([])), urlSource(new URL('https://a.b/c'), { signal })];
// @ts-expect-error a number is no signal
export const wrong: FitOptions['signal'] = 1;
