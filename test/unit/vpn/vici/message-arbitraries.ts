import fc from 'fast-check';
import type { ViciInput, ViciInputValue } from '../../../../src/vpn/vici/message.js';

/** Any text that UTF-8 can carry. */
const text = fc.string({ unit: 'binary', maxLength: 40 });
const name = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', '0', ''),
);

const { section } = fc.letrec<{ section: ViciInput; value: ViciInputValue }>((tie) => ({
  section: fc.dictionary(name, tie('value'), { maxKeys: 6, noNullPrototype: false }),
  value: fc.oneof({ maxDepth: 4 }, text, fc.array(text, { maxLength: 5 }), tie('section')),
}));

/** Messages of text, lists and sections in each other. */
export const messages: fc.Arbitrary<ViciInput> = section;
