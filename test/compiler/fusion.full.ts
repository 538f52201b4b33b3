// More random cases.
import './fusion.test.ts';
