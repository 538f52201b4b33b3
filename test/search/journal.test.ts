import { gridSearch, randomSearch, search, successiveHalving, type TrialFunction } from 'ndgrad/search';
import { describe, expect, it, vi } from 'vitest';
import { Memory, options, space, toy, untimed } from './support.ts';

/** A search that counts the trials it runs. */
async function resumed(journal: Memory, change: Partial<typeof options> = {}) {
  const trial = vi.fn(toy);
  const results = await search({ ...options, trial, journal, ...change });
  return { results, ran: trial.mock.calls.length };
}

describe('a journal', () => {
  it('lets a search go on from any point of interruption, with the same results', async () => {
    const whole = new Memory();
    const { results, ran } = await resumed(whole);
    expect(ran).toBe(13);
    expect(whole.lines).toHaveLength(14);
    const wanted = untimed(results);
    for (let kept = 0; kept <= 14; kept++) {
      const start = whole.lines
        .slice(0, kept)
        .map((line) => `${line}\n`)
        .join('');
      const next = whole.lines[kept] ?? '';
      for (const torn of ['', next.slice(0, 1), next.slice(0, next.length >> 1), next]) {
        const journal = new Memory(start + torn);
        const again = await resumed(journal);
        expect(untimed(again.results), `${kept} lines and '${torn}'`).toEqual(wanted);
        expect(again.ran).toBe(Math.min(13, 14 - kept));
        expect(again.results.resumed).toBe(13 - again.ran);
        const { lines } = journal;
        expect(lines).toHaveLength(14);
        expect(() => lines.map((line) => JSON.parse(line))).not.toThrow();
      }
    }
  });

  it('goes on after an abort', async () => {
    const wanted = untimed(await search(options));
    for (let after = 1; after <= 13; after++) {
      const controller = new AbortController();
      const journal = new Memory();
      const progress = ({ done }: { done: number }) => done === after && controller.abort();
      const running = resumed(journal, { signal: controller.signal, progress });
      await expect(running).rejects.toThrow('aborted');
      const again = await resumed(journal);
      expect(again.ran).toBe(13 - after);
      expect(untimed(again.results)).toEqual(wanted);
    }
  });

  it('keeps a run before it is told of', async () => {
    const journal = new Memory();
    const lines: number[] = [];
    await resumed(journal, { progress: () => lines.push(journal.lines.length) });
    expect(lines).toEqual(Array.from({ length: 13 }, (_, i) => i + 2));
  });

  it('keeps failures, and numbers that JSON lacks', async () => {
    const trial: TrialFunction<typeof space> = (_, { trial }) => {
      if (trial === 0) throw new Error('no');
      return { score: trial, a: Number.NaN, b: Number.NEGATIVE_INFINITY, c: 1 / 3 };
    };
    const change = {
      trial,
      strategy: randomSearch({ trials: 3 }),
      objective: { minimize: 'score' },
    } as const;
    const journal = new Memory();
    const first = await search({ ...options, ...change, journal });
    const again = await search({ ...options, ...change, journal });
    expect(again.resumed).toBe(3);
    expect(again.runs).toEqual(first.runs);
    expect(again.runs[0]!.error).toBe('no');
    expect(again.runs[1]!.metrics).toEqual({
      score: 1,
      a: Number.NaN,
      b: Number.NEGATIVE_INFINITY,
      c: 1 / 3,
    });
  });

  it('serves searches with more trials, another factor or another objective', async () => {
    const journal = new Memory();
    await resumed(journal, { strategy: randomSearch({ trials: 6 }) });
    const more = await resumed(journal, { strategy: randomSearch({ trials: 10 }) });
    expect(more.ran).toBe(4);
    const strategy = successiveHalving({ trials: 9, maxEpochs: 9 });
    expect((await resumed(journal, { strategy })).ran).toBe(4);
    const two = await resumed(journal, {
      strategy: successiveHalving({ trials: 8, factor: 2, maxEpochs: 8 }),
    });
    expect(two.ran).toBe(4 + 2 + 1); // the first round is there
    const other = await resumed(journal, { strategy, objective: { maximize: 'score' } });
    expect(other.ran).toBeLessThan(5);
    expect(other.results.best.metrics.score).toBeGreaterThan((await search(options)).best.metrics.score!);
  });

  it('of another search is refused', async () => {
    const journal = new Memory();
    await resumed(journal, { version: 1 });
    const { text } = journal;
    const wrong: [Partial<typeof options>, string][] = [
      [{ seed: 6 }, 'there the seed is 5, here it is 6'],
      [{ version: 2 }, 'there the version is 1, here it is 2'],
      [{ version: undefined }, 'there the version is 1, here it is null'],
      [
        { space: { ...space, width: { ...space.width, description: { kind: 'choice', values: [8, 16] } } } },
        `there 'width' in the space is {"kind":"choice","values":[8,16,32]}, here it is {"kind":"choice","values":[8,16]}`,
      ],
      [
        { space: { width: space.width, rate: space.rate } },
        'there the order of the space is rate,width, here it is width,rate',
      ],
    ];
    for (const [change, message] of wrong) {
      const running = resumed(journal, { version: 1, ...change });
      await expect(running).rejects.toThrow(
        `[search] memory belongs to another search: ${message}. Use a separate file for each`,
      );
    }
    const grid = search({
      ...options,
      version: 1,
      space: { w: space.width },
      strategy: gridSearch(),
      journal,
    } as never);
    await expect(grid).rejects.toThrow('belongs to another search');
    expect(journal.text).toBe(text);
  });

  it('that is none is refused and left alone', async () => {
    for (const text of ['my diary\n', '{"a":1}\n', '[]\n']) {
      const journal = new Memory(text);
      await expect(resumed(journal)).rejects.toThrow('[search] memory is not the journal of a search');
      expect(journal.text).toBe(text);
    }
    const later = new Memory('{"ndgrad":"search","format":2}\n');
    await expect(resumed(later)).rejects.toThrow('memory has format 2, wanted 1');
  });

  it('with a damaged line, or a run of other parameters, is refused', async () => {
    const journal = new Memory();
    await resumed(journal);
    const [head, first, ...rest] = journal.lines;
    for (const bad of ['{"trial":0', '7', '{"trial":0,"epochs":1}', first!.replace('"metrics"', '"m"')]) {
      const running = resumed(new Memory([head, bad, ...rest, ''].join('\n')));
      await expect(running).rejects.toThrow('[search] memory, line 2: got ');
    }
    const changed = first!.replace(/"width":\d+/, '"width":9');
    const running = resumed(new Memory([head, changed, ...rest, ''].join('\n')));
    await expect(running).rejects.toThrow(
      '[search] memory belongs to another search: there trial 0 is {"rate":',
    );
  });

  it.each(['null', '[]', '""', 'false', 'true', '"0.5"', '{}', '[1]', '"nan"'])(
    'with %s as a metric is refused',
    async (value) => {
      const journal = new Memory();
      await resumed(journal);
      const text = journal.text.replace(/"score":[\d.e-]+/, `"score":${value}`);
      expect(text).not.toBe(journal.text);
      const running = resumed(new Memory(text));
      await expect(running).rejects.toThrow('[search] memory, line 2: got ');
    },
  );

  it.each([
    ['trial', '-1'],
    ['trial', '0.5'],
    ['epochs', '"1"'],
    ['seed', 'null'],
    ['seconds', '-1'],
    ['seconds', 'true'],
  ])('with %s %s is refused', async (field, value) => {
    const journal = new Memory();
    await resumed(journal);
    const text = journal.text.replace(new RegExp(`\n(.*?)"${field}":[\\d.e-]+`), `\n$1"${field}":${value}`);
    expect(text).not.toBe(journal.text);
    await expect(resumed(new Memory(text))).rejects.toThrow('[search] memory, line 2: got ');
  });

  it('uses the first of several runs of one task', async () => {
    const journal = new Memory();
    const first = await resumed(journal);
    const [, ...runs] = journal.lines;
    const later = runs.map((line) => line.replace(/"score":[\d.e-]+/, '"score":-100'));
    journal.text += later.map((line) => `${line}\n`).join('');
    const again = await resumed(journal);
    expect(untimed(again.results)).toEqual(untimed(first.results));
    expect(again.ran).toBe(0);
  });

  it('may have empty lines', async () => {
    const journal = new Memory();
    const first = await resumed(journal);
    journal.text = `\n${journal.text.replaceAll('\n', '\n\n \r\n')}`;
    const again = await resumed(journal);
    expect(untimed(again.results)).toEqual(untimed(first.results));
    expect(again.ran).toBe(0);
  });

  it('serves one search at a time', async () => {
    const journal = new Memory();
    const first = resumed(journal);
    await expect(resumed(journal)).rejects.toThrow(
      '[search] memory is in use by another search. Wait until it has ended, or use a separate journal.',
    );
    const { results } = await first;
    expect(untimed(results)).toEqual(untimed(await search(options)));
    expect((await resumed(journal)).ran).toBe(0);
  });

  it('is released after a failure', async () => {
    const journal = new Memory();
    const controller = new AbortController();
    const stopped = resumed(journal, {
      signal: controller.signal,
      progress: () => controller.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
    const broken = { open: () => expect.unreachable('no workers') };
    await expect(search({ ...options, journal, trial: broken })).rejects.toThrow('no workers');
    await expect(resumed(journal, { seed: 6 })).rejects.toThrow('belongs to another search');
    expect((await resumed(journal)).ran).toBe(12);
  });

  it('is locked before it is read, and released after the last run', async () => {
    const calls: string[] = [];
    const journal = new (class extends Memory {
      async lock() {
        calls.push('lock');
        return async () => {
          calls.push('release');
        };
      }
      override async read() {
        calls.push('read');
        return super.read();
      }
      override async append(line: string) {
        calls.push('append');
        return super.append(line);
      }
    })();
    await resumed(journal);
    expect(calls).toEqual(['lock', 'read', ...Array(14).fill('append'), 'release']);
  });

  it('that can not be written ends the search with the reason', async () => {
    const journal = new Memory();
    vi.spyOn(journal, 'append').mockImplementation(async (line) => {
      if (line.includes('"trial":4')) throw new Error('disk full');
    });
    await expect(resumed(journal)).rejects.toThrow('disk full');
  });
});
