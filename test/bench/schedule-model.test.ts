import { expect, test } from 'vitest';
import {
  barriers,
  criticalPath,
  divided,
  type Overheads,
  resized,
  simulate,
  type TimedTask,
} from '../../bench/threads/schedule-model.ts';

const none: Overheads = { take: 0, signal: 0, spin: Number.POSITIVE_INFINITY, wake: 0 };
const tasks: TimedTask[] = [
  { after: 0, chunks: [4, 4, 4] },
  { after: 1, chunks: [2, 2] },
];

test('threads take the next chunk, and wait for the tasks before', () => {
  expect(simulate(tasks, 1, none)).toBe(16);
  expect(simulate(tasks, 2, none)).toBe(10);
  // No task has more than three chunks.
  expect(simulate(tasks, 64, none)).toBe(6);
});

test('a task that waits for nothing fills the gaps', () => {
  const independent = tasks.map(({ chunks }) => ({ after: 0, chunks }));
  expect(simulate(independent, 2, none)).toBe(8);
});

test('overheads', () => {
  expect(simulate(tasks, 2, { ...none, take: 1 })).toBe(13);
  // One thread waits four units for the first task.
  expect(simulate(tasks, 2, { ...none, signal: 0.5 })).toBe(10.5);
  // Thread 1 wakes after five units and waits two for the first task. If it falls asleep, thread 0 takes both chunks of the second one.
  const uneven = [
    { after: 0, chunks: [8, 1] },
    { after: 1, chunks: [2, 2] },
  ];
  expect(simulate(uneven, 2, { ...none, spin: 3, wake: 5 })).toBe(10);
  expect(simulate(uneven, 2, { ...none, spin: 1, wake: 5 })).toBe(12);
});

test('barriers and the critical path', () => {
  expect(barriers(tasks)).toBe(1);
  expect(criticalPath(tasks)).toBe(6);
  expect(criticalPath(tasks.map(({ chunks }) => ({ after: 0, chunks })))).toBe(4);
});

test('chunks of other sizes', () => {
  expect(divided(tasks, 2)[1]!.chunks).toEqual([1, 1, 1, 1]);
  expect(resized(tasks, 3)[0]!.chunks).toEqual([3, 3, 3, 3]);
  expect(resized(tasks, 1000)[0]!.chunks).toEqual([12]);
});
