// The file of a worker that trains.
import { serveTraining } from 'ndgrad/browser';
import { type Request, setup } from './training-setup.ts';

serveTraining((message) => setup(message as Request));
