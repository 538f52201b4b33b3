import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { trainOnText } from '../../examples/text.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ndgrad-text-'));
afterAll(() => rmSync(scratch, { recursive: true }));
vi.spyOn(console, 'log').mockImplementation(() => {});

test.each(['transformer', 'lstm'] as const)(
  'a %s learns more of a text than the frequencies of characters, and is not trained again',
  async (kind) => {
    const options = {
      size: kind === 'lstm' ? 300_000 : 100_000,
      heldOut: 20_000,
      folder: join(scratch, kind),
    };
    const trained = await trainOnText(kind, options);
    // The frequencies of characters alone give 4.4 bits.
    expect(trained.bitsPerCharacter).toBeLessThan(4.1);
    expect(trained.written).toMatch(/^And the LORD said unto .{300}$/s);
    expect(await trainOnText(kind, options)).toEqual(trained);
  },
);
