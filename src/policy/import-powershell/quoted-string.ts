import { lineEnd, matchAt, matchesAt, skipBlanks, statementStartAt } from './statement-start.js';

export interface ScannedString {
  readonly text: string;
  readonly expandable: boolean;
  /** False when the closing quote is missing; the text then ends with its line. */
  readonly closed: boolean;
  /** Characters from the opening quote to behind the closing one. */
  readonly length: number;
  /** Line ends among them. */
  readonly lines: number;
}

/** A wrapped value is a name, an address or a UUID: it does not span more lines than this. */
const MAX_WRAPS = 3;
const PARAMETER = /-[A-Za-z]{2,}/y;

/**
 * The string whose opening quote is at `start`. A line end in it is text that a slide or a mail has
 * wrapped and is taken out again, unless what follows shows that the closing quote was forgotten:
 * an empty line, a parameter or the start of another statement.
 */
export function scanString(text: string, start: number): ScannedString {
  const quote = text.charAt(start);
  const expandable = quote === '"';
  let value = '';
  let lines = 0;
  let at = start + 1;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === quote && text[at + 1] === quote) {
      value += quote;
      at += 2;
    } else if (char === quote) {
      return { text: value, expandable, closed: true, length: at + 1 - start, lines };
    } else if (char === '\n') {
      const next = skipBlanks(text, at + 1);
      if (lines === MAX_WRAPS || endsStringBefore(text, next)) break;
      value = joinable(value);
      lines++;
      at = next;
    } else if (expandable && char === '`' && text[at + 1] !== '\n' && at + 1 < text.length) {
      value += char + text.charAt(at + 1);
      at += 2;
    } else {
      value += char === '`' && text[at + 1] === '\n' ? '' : char;
      at++;
    }
  }
  const end = lineEnd(text, start);
  const rest = text.slice(start + 1, end);
  return { text: rest, expandable, closed: false, length: end - start, lines: 0 };
}

function endsStringBefore(text: string, next: number): boolean {
  return (
    next >= text.length ||
    text[next] === '\n' ||
    matchesAt(PARAMETER, text, next) ||
    statementStartAt(text, next) !== undefined
  );
}

/** A blank between words was there before the wrap; one behind punctuation came with it. */
function joinable(piece: string): string {
  const bare = piece.trimEnd();
  return bare !== piece && /[\p{L}\p{N}]$/u.test(bare) ? `${bare} ` : bare;
}

/** `@"` … `"@` or `@'` … `'@` with the quotes on lines of their own. */
export function scanHereString(text: string, start: number): ScannedString | undefined {
  const opening = matchAt(/@["'] *\n/y, text, start);
  if (opening === '') return undefined;
  const quote = opening.charAt(1);
  const bodyStart = start + opening.length;
  const end = text.indexOf(`\n${quote}@`, bodyStart - 1);
  if (end === -1) return undefined;
  const length = end + 3 - start;
  return {
    text: text.slice(bodyStart, Math.max(bodyStart, end)),
    expandable: quote === '"',
    closed: true,
    length,
    lines: text.slice(start, start + length).split('\n').length - 1,
  };
}
