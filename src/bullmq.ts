/** The entry point `ndgrad/bullmq`: hyper-parameter searches on any number of machines, over BullMQ and Redis. */

export type { BullmqOptions, RedisConnection } from './bullmq/options.ts';
export { bullmq } from './bullmq/runner.ts';
export type { TrialLimits } from './node/search-workers.ts';
