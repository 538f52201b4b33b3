// The file of the worker that trains.
import { serveTraining } from 'ndgrad/browser';
import { reporter } from '../../reports-channel.ts';
import type { Question, Report, TrainingMessage } from '../reports.ts';
import { beginNow, currentFilters, setUp } from './set-up.ts';

const report = reporter<Report, Question>(async (question) => {
  if (question === 'begin') return beginNow();
  const filters = await currentFilters();
  if (filters !== null) report(filters);
});

serveTraining((message) => setUp(message as TrainingMessage, report));
