// The file of the worker that trains.
import { serveTraining } from 'ndgrad/browser';
import { reporter } from '../../reports-channel.ts';
import type { Question, Report, TrainingMessage } from '../reports.ts';
import { answer, setUp } from './set-up.ts';

const report = reporter<Report, Question>(async (question) => {
  const found = await answer(question);
  if (found !== null) report(found);
});

serveTraining((message) => setUp(message as TrainingMessage, report));
