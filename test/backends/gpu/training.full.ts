// All cases.
import './training.test.ts';
