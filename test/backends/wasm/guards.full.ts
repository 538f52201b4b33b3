// More random cases.
import './guards.test.ts';
