import { NvgateError } from '../../errors.js';
import type { PointToPoint } from '../../model/remote-connection.js';
import type { LinkRole } from './link.js';

/** pppd's MAXNAMELEN and MAXSECRETLEN, less the closing NUL. */
const MOST_BYTES = 255;

/**
 * One word of a pppd options or secrets file (pppd(8), OPTIONS FILES): between double quotes a
 * backslash and a double quote are all that means something; blanks, `#` and `'` do not.
 * @throws NvgateError `invalidValue` for control characters, which have no form that is safe
 */
export function quoteWord(text: string): string {
  if (/\p{Cc}/u.test(text))
    throw new NvgateError(
      'invalidValue',
      'A user name or password has a control character, which pppd cannot be given. Choose one without.',
    );
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/**
 * Refuses what pppd would take for something else than it is, or could never recognize.
 * @throws NvgateError `invalidValue`, without the password
 */
export function checkCredentials(role: LinkRole, pointToPoint: PointToPoint): void {
  const { method, userName, secret } = pointToPoint;
  const password = secret.reveal();
  checkWord('user name', userName);
  checkWord('password', password);
  // MS-CHAPv2 hashes the password in UTF-16, and pppd makes that of ASCII alone.
  if (method === 'mschapv2' && !isAscii(password))
    refuse('password', 'is not ASCII, which pppd needs for MS-CHAPv2');
  if (role === 'call') return;
  // A single star in a secrets file stands for everybody.
  if (userName === '*') refuse('user name', 'is a star, by which pppd would let in anybody');
  // pppd spells other characters of what the peer sends out before it compares.
  if (!isAscii(userName)) refuse('user name', 'is not ASCII, so pppd would not recognize it');
  if (method === 'pap' && !isAscii(password))
    refuse('password', 'is not ASCII, so pppd would not recognize it by PAP');
  if (/^@(\/|login$)/.test(password))
    refuse('password', 'begins with @, which pppd reads as where the password is');
}

function checkWord(noun: Noun, word: string): void {
  quoteWord(word);
  if (word === '') refuse(noun, 'is empty');
  if (Buffer.byteLength(word) > MOST_BYTES) refuse(noun, `has more than ${MOST_BYTES} bytes`);
}

type Noun = 'user name' | 'password';

function refuse(noun: Noun, problem: string): never {
  throw new NvgateError('invalidValue', `The ${noun} of the link ${problem}. Choose another.`);
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
