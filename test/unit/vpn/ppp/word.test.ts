import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../../src/model/secret.js';
import type { PointToPoint } from '../../../../src/model/remote-connection.js';
import { checkCredentials, quoteWord } from '../../../../src/vpn/ppp/word.js';
import { pppdWords } from './pppd-words.js';
import { EXAMPLE } from './specs.js';

const link = (changes: Partial<PointToPoint>): PointToPoint => ({ ...EXAMPLE, ...changes });
const password = (text: string): Partial<PointToPoint> => ({ secret: new Secret(text) });

describe('quoteWord', () => {
  it.each(['#', '"', "'", '\\', '\\"', 'a b', '\\n', '"#', 'ends in \\', '-- noauth', 'ü€🔑'])(
    'writes %j so that pppd reads it as it is, and nothing behind it changes',
    (word) => {
      expect(pppdWords(`user ${quoteWord(word)} auth\nname x`)).toEqual([
        ['user', word, 'auth'],
        ['name', 'x'],
      ]);
    },
  );

  it('loses and adds nothing, whatever the word', () => {
    const words = fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text));
    fc.assert(
      fc.property(words, words, (first, second) => {
        const text = `${quoteWord(first)} ${quoteWord(second)}\n`;
        expect(pppdWords(text)).toEqual([[first, second]]);
      }),
    );
  });

  it.each(['a\nnoauth', 'a\0', '\u001b[2J', 'a\rb', '\u007f', '\u0085'])(
    'refuses the control character in %j',
    (word) => {
      expect(() => quoteWord(word)).toThrow(/control character/);
    },
  );
});

describe('checkCredentials', () => {
  it.each(['call', 'wait'] as const)('takes what pppd can have (%s)', (role) => {
    for (const text of ['x', 'a b', '"\\#', String.raw`DOMAIN\user`, 'x'.repeat(255)])
      expect(() => {
        checkCredentials(role, link({ userName: text, ...password(text) }));
      }).not.toThrow();
  });

  it.each(['', 'x'.repeat(256), 'ü'.repeat(128), 'a\nb'])(
    'refuses %j, which no pppd can have',
    (text) => {
      for (const role of ['call', 'wait'] as const) {
        const chap = { method: 'chap' } as const;
        expect(() => {
          checkCredentials(role, link({ ...chap, userName: text }));
        }).toThrow();
        expect(() => {
          checkCredentials(role, link({ ...chap, ...password(text) }));
        }).toThrow();
      }
    },
  );

  it('refuses for callers what pppd takes for something else', () => {
    for (const changes of [
      { userName: '*' },
      { userName: 'jörg' },
      { method: 'chap', ...password('@/etc/shadow') },
      { method: 'pap', ...password('@login') },
      { method: 'pap', ...password('schlüssel') },
    ] as const) {
      expect(() => {
        checkCredentials('wait', link(changes));
      }).toThrow(/Choose another/);
      expect(() => {
        checkCredentials('call', link(changes));
      }).not.toThrow();
    }
  });

  it('refuses a password that MS-CHAPv2 would hash otherwise at the peer', () => {
    for (const role of ['call', 'wait'] as const)
      expect(() => {
        checkCredentials(role, link(password('schlüssel')));
      }).toThrow(/ASCII/);
  });

  it('never says the password', () => {
    for (const text of ['@/swordfish', 'swordfish\n', 'swordfish'.repeat(40), 'swordfisch ü'])
      try {
        checkCredentials('wait', link(password(text)));
        expect.unreachable();
      } catch (error) {
        expect(String(error)).not.toContain('swordfis');
      }
  });
});
