// All cases.
import './agree.test.ts';
