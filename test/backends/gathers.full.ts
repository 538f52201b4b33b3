// More random cases.
import './gathers.test.ts';
