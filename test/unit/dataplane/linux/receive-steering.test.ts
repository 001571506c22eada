import { describe, expect, test } from 'vitest';
import { maskOf, planSteering } from '../../../../src/dataplane/linux/receive-steering.js';

const queues = (...masks: string[]) => ({
  device: 'underlay',
  masks: new Map(masks.map((mask, index) => [`rx-${index}`, mask])),
});

describe('a mask of processors', () => {
  test.each([
    [1, '1'],
    [2, '3'],
    [8, 'ff'],
    [31, '7fffffff'],
    [32, 'ffffffff'],
    [33, '1,ffffffff'],
    [64, 'ffffffff,ffffffff'],
    [96, 'ffffffff,ffffffff,ffffffff'],
  ])('of %i', (processors, mask) => {
    expect(maskOf(processors)).toBe(mask);
  });
});

describe('receive steering', () => {
  test.each([
    ['one queue', queues('0'), 'auto', 2, { queues: ['rx-0'] }],
    [
      'one queue, as of 96 processors',
      queues('00000000,00000000,00000000'),
      'auto',
      96,
      { queues: ['rx-0'] },
    ],
    ['several queues', queues('0', '0'), 'auto', 2, { queues: [], because: 'ownQueues' }],
    ['several queues all the same', queues('0', '0'), 'always', 2, { queues: ['rx-0', 'rx-1'] }],
    ['one processor', queues('0'), 'always', 1, { queues: [], because: 'oneProcessor' }],
    ['done', queues('03'), 'auto', 2, { queues: [], because: 'steered' }],
    [
      'done with two words',
      queues('00000003,ffffffff'),
      'auto',
      34,
      { queues: [], because: 'steered' },
    ],
    ['an operator’s choice', queues('2'), 'always', 2, { queues: [], because: 'operator' }],
    [
      'an operator’s choice for one of them',
      queues('0', '2'),
      'always',
      2,
      { queues: [], because: 'operator' },
    ],
  ] as const)('%s', (_, device, mode, processors, plan) => {
    expect(planSteering(device, mode, processors)).toEqual({ device: 'underlay', ...plan });
  });
});
