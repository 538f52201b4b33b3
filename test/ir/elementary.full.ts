// More floats.
import './elementary.test.ts';
