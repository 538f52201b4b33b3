import { serveTraining } from './ndgrad.min.js';
import { setup } from './setup.mjs';

serveTraining(setup);
