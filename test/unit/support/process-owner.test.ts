import { expect, it } from 'vitest';
import { isLeftover, OWNER_TAG } from '../../support/process-owner.js';

it('takes what this process made for in use', () => {
  expect(isLeftover(`${OWNER_TAG}-1-host`)).toBe(false);
});

it('takes what an earlier process with this pid made for left over', () => {
  expect(isLeftover(`nvgt-${process.pid}-0-1-host`)).toBe(true);
});

it('takes what a process that is gone made for left over', () => {
  expect(isLeftover('nvgt-4194305-4nuw-1-host')).toBe(true);
});

it('leaves names of others alone', () => {
  for (const name of ['nvgt-x1', 'nvgate-1-2-3', 'x-nvgt-4194305-4nuw-1-host', 'nvgt-1-', 'nvgt'])
    expect(isLeftover(name)).toBe(false);
});
