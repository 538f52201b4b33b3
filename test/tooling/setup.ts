import fc from 'fast-check';

// Generates the same cases in every run. FC_SEED=123 generates others. A failure is reported at once, with the flags that
// repeat it: shrinking plans and graphs takes up to an hour. FC_SHRINK=1 looks for a smaller case.
fc.configureGlobal({
  seed: Number(process.env.FC_SEED ?? 1),
  endOnFailure: process.env.FC_SHRINK === undefined,
});
