// More random cases.
import './convolution.test.ts';
