// The file of the worker that trains.
import { serveTraining } from 'ndgrad/browser';
import { isChannel, type Question, type Report, type TrainingMessage } from '../reports.ts';
import { currentFilters, setUp } from './set-up.ts';

let channel: MessagePort | null = null;

const report = (content: Report): void => channel?.postMessage(content);

addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (!isChannel(data)) return;
  channel = data.reports;
  channel.onmessage = async ({ data }: MessageEvent<Question>) => {
    if (data !== 'filters') return;
    const filters = await currentFilters();
    if (filters !== null) report(filters);
  };
});

serveTraining((message) => setUp(message as TrainingMessage, report));
