// All cases.
import './cases.test.ts';
