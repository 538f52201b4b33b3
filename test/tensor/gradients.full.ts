// More random cases.
import './gradients.test.ts';
