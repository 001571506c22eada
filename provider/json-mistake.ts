import { messageOf } from '../src/errors.js';

/** Characters that V8 quotes before the place of a mistake. */
const QUOTED_BEFORE = 10;

/**
 * What is wrong with a text that `JSON.parse` has refused, and where. V8 quotes the text around the
 * mistake, in which there may be a secret: the place is told instead.
 */
export function jsonMistake(error: unknown, text: string): string {
  const message = messageOf(error);
  const quoting = /, (\.\.\.)?"([\s\S]*)"(?:\.\.\.)? is not valid JSON$/.exec(message);
  if (quoting === null) return message;
  const [, cut, quoted = ''] = quoting;
  const what = message.slice(0, quoting.index);
  if (cut === undefined) return `${what} near the beginning`;
  return `${what} at position ${text.indexOf(quoted) + QUOTED_BEFORE}`;
}
