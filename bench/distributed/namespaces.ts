import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BRIDGE = 'ndgrad-bench';
/** The network of the ranks' messages. */
export const SHAPED = '10.77.0.0/24';
/** The network by which mpirun starts and ends the ranks. */
export const PLAIN = '10.78.0.0/24';

const nameOf = (rank: number): string => `ndgrad-bench-${rank}`;
const portOf = (rank: number): string => `nd-bench${rank}`;

const ip = (...args: string[]): void => {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
};

/** A delay, and a rate in both directions, of the link of each rank. */
export interface Shape {
  /** One way. */
  readonly delayMs: number;
  readonly megabits: number;
}

/** Tells the switch behind this file how to shape the links. */
export function shape(control: string, { delayMs, megabits }: Shape): void {
  writeFileSync(control, `${delayMs * 1000} ${megabits * 1e6}\n`, { flag: 'a' });
}

/**
 * A network namespace for each rank. The ranks' messages go through a program that delays them and limits their rate (switch.c), since
 * not every kernel has netem. Needs root on Linux, `ip` and a C compiler.
 */
export class Namespaces {
  readonly names: readonly string[];
  readonly #folder = mkdtempSync(join(tmpdir(), 'ndgrad-network-'));
  /** The program that mpirun calls in place of ssh. */
  readonly agent = join(this.#folder, 'agent');
  /** For `shape`. */
  readonly control = join(this.#folder, 'control');
  #switch: ChildProcess | null = null;

  private constructor(count: number) {
    this.names = Array.from({ length: count }, (_, rank) => nameOf(rank));
  }

  static async open(count: number): Promise<Namespaces> {
    const all = new Namespaces(count);
    try {
      await all.#open();
    } catch (error) {
      all.end();
      throw error;
    }
    return all;
  }

  async #open(): Promise<void> {
    writeFileSync(
      this.agent,
      '#!/bin/sh\nhost=$1; shift\nexec ip netns exec "$host" unshare --uts sh -c "hostname $host; $*"\n',
    );
    chmodSync(this.agent, 0o700);
    const program = join(this.#folder, 'switch');
    execFileSync('cc', ['-O2', '-o', program, fileURLToPath(new URL('switch.c', import.meta.url))]);
    execFileSync('mkfifo', [this.control]);

    this.#remove();
    ip('link', 'add', BRIDGE, 'type', 'bridge');
    ip('address', 'add', PLAIN.replace('.0/', '.254/'), 'dev', BRIDGE);
    ip('link', 'set', BRIDGE, 'up');
    this.names.forEach((name, rank) => {
      const port = portOf(rank);
      ip('netns', 'add', name);
      ip('link', 'add', port, 'type', 'veth', 'peer', 'name', 'plain', 'netns', name);
      ip('link', 'set', port, 'master', BRIDGE, 'up');
      ip('-n', name, 'address', 'add', PLAIN.replace('.0/', `.${rank + 1}/`), 'dev', 'plain');
      for (const device of ['plain', 'lo']) ip('-n', name, 'link', 'set', device, 'up');
      // Else each exchange would begin as slowly as a new connection.
      ip('netns', 'exec', name, 'sysctl', '-qw', 'net.ipv4.tcp_slow_start_after_idle=0');
    });
    const control = openSync(this.control, 'r+');
    this.#switch = spawn(program, this.names, { stdio: [control, 'pipe', 'inherit'] });
    closeSync(control);
    await once(this.#switch.stdout!, 'data');
    this.names.forEach((name, rank) => {
      ip('-n', name, 'address', 'add', SHAPED.replace('.0/', `.${rank + 1}/`), 'dev', 'shaped');
      ip('-n', name, 'link', 'set', 'shaped', 'up');
    });
  }

  end(): void {
    this.#switch?.kill();
    this.#remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #remove(): void {
    this.names.forEach((name, rank) => {
      quietly(() => ip('netns', 'delete', name));
      quietly(() => ip('link', 'delete', portOf(rank)));
    });
    quietly(() => ip('link', 'delete', BRIDGE));
  }
}

function quietly(run: () => void): void {
  try {
    run();
  } catch {
    // It does not exist.
  }
}
