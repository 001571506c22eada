import { lineEnd } from './statement-start.js';
import { nextToken, type Position, type Source, type Token } from './token.js';

/** A place in a script that moves forward, token by token or line by line. */
export interface Reader {
  readonly source: Source;
  /** The next token, not yet taken. */
  peek(): Token;
  take(): Token;
  moveTo(position: Position): void;
  /** Takes the rest of the line from the next token on, up to its end or a closing brace there. */
  takeLine(): { readonly line: number; readonly text: string };
}

export function createReader(source: Source): Reader {
  const { text } = source;
  let next = nextToken(source, { offset: 0, line: 1 });
  const moveTo = (position: Position): void => {
    next = nextToken(source, position);
  };
  return {
    source,
    peek: () => next,
    take: () => {
      const token = next;
      moveTo(token.end);
      return token;
    },
    moveTo,
    takeLine: () => {
      const { start, line } = next;
      const rest = text.slice(start, lineEnd(text, start));
      const taken = rest.length > 1 ? rest.replace(/\} *$/, '') : rest;
      moveTo({ offset: start + taken.length, line });
      return { line, text: taken.trim() };
    },
  };
}

/** Whether the next token is this punctuation; takes it if so. */
export function takePunctuation(reader: Reader, text: string): boolean {
  if (!isPunctuation(reader.peek(), text)) return false;
  reader.take();
  return true;
}

export function isPunctuation(token: Token, ...texts: readonly string[]): boolean {
  return token.kind === 'punctuation' && texts.includes(token.text);
}

export function skipNewlines(reader: Reader): void {
  while (reader.peek().kind === 'newline') reader.take();
}

/** Whether there is nothing but blanks before the token on its line. */
export function isFirstOnLine(source: Source, token: Token): boolean {
  let at = token.start - 1;
  while (source.text[at] === ' ') at--;
  return at < 0 || source.text[at] === '\n';
}
