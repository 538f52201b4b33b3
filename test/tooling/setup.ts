import fc from 'fast-check';

// Generates the same cases in every run. FC_SEED=123 generates others.
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 1) });
