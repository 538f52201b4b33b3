// A worker thread that trains, bundled by training-worker.test.ts.
import { serveTraining } from 'ndgrad/node';
import { setup } from './training-setup.ts';

serveTraining((message) => setup(message as never));
