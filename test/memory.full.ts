// Longer.
import './memory.test.ts';
