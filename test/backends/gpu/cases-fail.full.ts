// All cases.
import './cases-fail.test.ts';
