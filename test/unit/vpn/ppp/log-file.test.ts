import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLogReader } from '../../../../src/vpn/ppp/log-file.js';
import { createDirectory } from '../../../support/namespace.js';

const newFile = (): string => join(createDirectory('log'), 'x.log');

describe('a log reader', () => {
  it('reads on, line by line', async () => {
    const path = newFile();
    const log = createLogReader(path);
    expect(await log.read()).toEqual([]);
    appendFileSync(path, 'one\ntw');
    expect(await log.read()).toEqual(['one']);
    expect(await log.read()).toEqual([]);
    appendFileSync(path, 'o\nthree\n');
    expect(await log.read()).toEqual(['two', 'three']);
  });

  it('leaves out what was there before', async () => {
    const path = newFile();
    writeFileSync(path, 'old\n');
    const log = createLogReader(path, true);
    expect(await log.read()).toEqual([]);
    appendFileSync(path, 'new\n');
    expect(await log.read()).toEqual(['new']);
  });

  it('begins again in a file that was made anew', async () => {
    const path = newFile();
    const log = createLogReader(path);
    writeFileSync(path, 'a first one\nbroken off');
    await log.read();
    writeFileSync(path, 'second\n');
    expect(await log.read()).toEqual(['second']);
  });

  it('keeps the file small, and loses no line to that', async () => {
    const path = newFile();
    const log = createLogReader(path);
    const line = 'x'.repeat(99);
    const seen: string[] = [];
    for (let round = 0; round < 40; round += 1) {
      appendFileSync(path, `${`${line}\n`.repeat(50)}${round}\n`);
      seen.push(...(await log.read()));
      expect(statSync(path).size).toBeLessThan(80_000);
    }
    expect(seen).toHaveLength(40 * 51);
    expect(seen.filter((text) => text !== line)).toEqual([...Array(40).keys()].map(String));
  });

  it('takes no more than the end of a flood', async () => {
    const path = newFile();
    const log = createLogReader(path);
    writeFileSync(path, `${'y\n'.repeat(200_000)}last\n`);
    const lines = await log.read();
    expect(lines.at(-1)).toBe('last');
    expect(lines.join('\n').length).toBeLessThan(70_000);
    expect(statSync(path).size).toBe(0);
  });
});
