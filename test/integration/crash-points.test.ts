import { spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileProgram } from '../support/compile-program.js';
import { mountBpf } from '../support/bpf-mount.js';
import { instanceName, removeNamespaces } from '../support/gateway-instance.js';
import { createDirectory, createNamespace, ip, type Namespace } from '../support/namespace.js';
import { patience } from '../support/patience.js';
import { commandLine, sleep } from '../support/process.js';
import { atExit, cleanUp } from '../support/process-owner.js';

/** NVGATE_CRASH_POINTS asks for more: 10,000 take about 80 minutes. */
const CRASH_POINTS = Number(process.env['NVGATE_CRASH_POINTS'] ?? 30);

/** Another NVGATE_CRASH_SEED, other instants. */
const SEED = Number(process.env['NVGATE_CRASH_SEED'] ?? 7637);

/** Of so many crashes it is told that they have gone well. */
const TELL_EVERY = 500;

/** Milliseconds in which a process that pushes is killed: time for several pushes. */
const LONGEST_LIFE = 400;

/** One process of `push-writer.ts`. */
interface Writer {
  /** Lets it begin. Resolves when the kernel is as it was stored; rejects where it does not get there. */
  begin(): Promise<void>;
  /** Resolves when it is gone. */
  kill(): Promise<void>;
  lines(): string[];
}

/**
 * The store, the loop and the kernel's objects, killed at random instants while pushes of whole
 * policies are under way: after a start the revision is the last that was answered, or the one after
 * it; it is whole; and the kernel is brought to it.
 */
describe('a gateway that is killed at any instant', { timeout: 12 * 3_600_000 }, () => {
  let namespace: Namespace;
  let program: string;
  let args: string[];

  beforeAll(async () => {
    const home = createDirectory('crash');
    program = await compileProgram('test/support/push-writer.ts', join(home, 'js'));
    namespace = await createNamespace('gateway');
    await ip(
      namespace,
      'link add underlay type veth peer name underlay-p',
      'link add external type veth peer name external-p',
      ...['underlay', 'underlay-p', 'external', 'external-p'].map((name) => `link set ${name} up`),
    );
    const instance = instanceName();
    atExit(() => removeNamespaces(instance));
    args = [join(home, 'state'), instance, join(mountBpf().path, instance)];
  }, 120_000);

  afterAll(cleanUp);

  test(`${CRASH_POINTS} times: the revision is old or new, whole, and in the kernel`, async () => {
    const random = createRandom(SEED);
    let stored: readonly number[] = [0];
    const between = { pushes: 0, durable: 0, lost: 0 };
    // The next process is ready to begin when it is needed.
    let next = startWriter();
    for (let point = 0; point < CRASH_POINTS; point++) {
      const writer = next;
      next = startWriter();
      await writer.begin();
      const loaded = numberOf(writer.lines(), 'loaded');
      expect(stored, `after crash ${point}`).toContain(loaded);
      expect(numberOf(writer.lines(), 'kernel'), `after crash ${point}`).toBe(loaded);
      if (loaded === stored[1]) between.durable += 1;
      else if (stored.length > 1) between.lost += 1;
      await sleep(random() * LONGEST_LIFE);
      await writer.kill();
      const answered = numberOf(writer.lines(), 'answered') ?? loaded ?? 0;
      between.pushes += answered - (loaded ?? 0);
      stored = [answered, answered + 1];
      if ((point + 1) % TELL_EVERY === 0) console.log(`${point + 1} crashes`);
    }
    await next.kill();
    console.log(
      `${CRASH_POINTS} crashes in ${between.pushes} pushes: ${between.durable} pushes were`,
      `durable without an answer, ${between.lost} were never made`,
    );
    expect(between.pushes).toBeGreaterThan(0);
  });

  function startWriter(): Writer {
    const [file, argv] = commandLine(process.execPath, [program, ...args], namespace);
    const child = spawn(file, argv, { stdio: ['pipe', 'pipe', 'inherit'], cwd: resolve('.') });
    return follow(child);
  }
});

function follow(child: ChildProcess): Writer {
  let said = '';
  let hear = (): void => undefined;
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    hear();
  });
  const forget = atExit(() => child.kill('SIGKILL'));
  const ended = new Promise<void>((done) => {
    child.on('close', () => {
      forget();
      hear();
      done();
    });
  });
  const lines = (): string[] => said.split('\n').slice(0, -1);
  const lineOf = (word: RegExp): string | undefined => lines().find((line) => word.test(line));
  return {
    lines,
    begin: () =>
      new Promise((done, reject) => {
        const timer = setTimeout(() => reject(new Error(`stuck: ${said}`)), patience(60_000));
        const finish = (act: () => void): void => {
          clearTimeout(timer);
          act();
        };
        hear = () => {
          const wrong = lineOf(/^(torn|differs) /);
          if (wrong !== undefined) finish(() => reject(new Error(wrong)));
          else if (lineOf(/^kernel /) !== undefined) finish(done);
          else if (child.exitCode !== null) finish(() => reject(new Error(`ended: ${said}`)));
        };
        child.stdin?.write('go\n');
      }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** N of the last line `WORD N`; undefined where there is none. */
function numberOf(lines: readonly string[], word: string): number | undefined {
  const line = lines.filter((each) => each.startsWith(`${word} `)).at(-1);
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}

/** The same numbers each time, from 0 to 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
