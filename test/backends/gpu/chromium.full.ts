// All cases.
import './chromium.test.ts';
