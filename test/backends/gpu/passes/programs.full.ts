// More random cases.
import './programs.test.ts';
