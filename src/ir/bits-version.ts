/**
 * Counts the changes of the numbers that a program gives: with equal versions the same program with the same seed gives the
 * same bits on the CPU backends. Record it beside results that must be reproducible. CHANGELOG.md says what changed.
 */
export const bitsVersion = 2;
