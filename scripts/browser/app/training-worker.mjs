import { serveTraining } from 'ndgrad/browser';
import { setup } from './training-setup.mjs';

serveTraining(setup);
