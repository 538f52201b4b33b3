// More random cases.
import './contract.test.ts';
