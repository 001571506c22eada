import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../bench/arguments.js';

describe('arguments of the benchmark', () => {
  test('nothing asks for everything', () => {
    expect(parseArguments([])).toEqual({
      extent: { short: false, rounds: 7, seconds: 1, generator: 'packetSocket', only: [] },
      sections: ['packets', 'streams', 'latency', 'networks', 'vpn', 'records', 'control'],
      ...{ json: false, check: false, partial: false },
    });
  });

  test('the short form has fewer sections, rounds and seconds', () => {
    expect(parseArguments(['--short', '--check'])).toMatchObject({
      extent: { short: true, rounds: 5, seconds: 0.5 },
      sections: ['packets', 'streams', 'networks', 'control'],
      ...{ check: true, partial: false },
    });
  });

  test('parts, in the order of the suite', () => {
    const parsed = parseArguments(['--sections', 'control,packets', '--only', 'plain,routed']);
    expect(parsed.sections).toEqual(['packets', 'control']);
    expect(parsed.extent.only).toEqual(['plain', 'routed']);
    expect(parsed.partial).toBe(true);
  });

  test.each([
    [['--quick'], 'there is no option --quick'],
    [['--rounds'], '--rounds needs a value'],
    [['--rounds', 'many'], '--rounds is a number above zero'],
    [['--seconds', '0'], '--seconds is a number above zero'],
    [['--sections', 'packets,tea'], 'there is no section tea'],
    [['--generator', 'pktgen'], 'there is no generator pktgen'],
  ])('%j is refused', (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(message);
  });
});
