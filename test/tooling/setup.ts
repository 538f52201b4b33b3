import fc from 'fast-check';

// The same generated cases on every run. FC_SEED=123 tries others.
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 1) });
