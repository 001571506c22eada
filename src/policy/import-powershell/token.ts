import { lineEnd, matchAt, skipBlanks, statementStartAt } from './statement-start.js';
import { scanHereString, scanString } from './quoted-string.js';

export interface Position {
  readonly offset: number;
  /** 1-based */
  readonly line: number;
}

/** A script, its characters normalised. */
export interface Source {
  readonly text: string;
  /**
   * Where the last `#>`, `"@` and `'@` are: found once, so that a text with many openings that
   * nothing closes is not searched to its end for each of them.
   */
  readonly lastCommentEnd: number;
  readonly lastHereStringEnd: number;
}

export function createSource(text: string): Source {
  return {
    text,
    lastCommentEnd: text.lastIndexOf('#>'),
    lastHereStringEnd: Math.max(text.lastIndexOf('\n"@'), text.lastIndexOf("\n'@")),
  };
}

interface TokenPlace {
  readonly start: number;
  readonly line: number;
  readonly end: Position;
}

export type Token = TokenPlace &
  (
    | { readonly kind: 'end' }
    /** `comment`: the line ended in one. */
    | { readonly kind: 'newline'; readonly comment: boolean }
    /** `expandable`: double quoted, with `$variables` and backtick escapes still in it. */
    | {
        readonly kind: 'string';
        readonly text: string;
        readonly expandable: boolean;
        readonly closed: boolean;
      }
    | { readonly kind: 'word'; readonly text: string }
    /** `-Name` or, with a colon, `-Name:`; in expressions also operators such as `-eq`. */
    | { readonly kind: 'parameter'; readonly name: string; readonly colon: boolean }
    /** `$name` and what follows it: `.Property`, `[index]`, `(arguments)`. */
    | { readonly kind: 'variable'; readonly name: string; readonly access: string }
    | { readonly kind: 'splat'; readonly name: string }
    /** `[type]` or an attribute */
    | { readonly kind: 'cast' }
    | { readonly kind: 'redirection'; readonly toStream: boolean }
    | { readonly kind: 'punctuation'; readonly text: string }
  );

const CONTINUATION = /` *(?:\n|$)/y;
const VARIABLE = /\$(?:\{([^}\n]+)\}|((?:\w+:)?(?:[\p{L}\p{N}_]+|[?$^])))/uy;
const ACCESS = /(?:(?:\.|::)[A-Za-z_]\w*(?:\([^()\n]*\))?|\[[^[\]\n]*\])+/y;
const SCOPE = /^(?:global|script|local|private|using):/i;
const SPLAT = /@[A-Za-z_]\w*/y;
const PARAMETER = /-[A-Za-z_]\w*:?/y;
const WRAPPED_DASH = /- *\n *(?=[A-Za-z])/y;
const CAST = /\[[A-Za-z][^[\]\n]*(?:\[[^[\]\n]*\])?\]/y;
const REDIRECTION = /[\d*]?>>?(?:&\d)?/y;
/** PowerShell turns an unquoted {block} into text where a parameter wants text. */
const BRACED_UUID = /\{(?:[0-9a-f]{4,12}(?:- *\n? *(?=[0-9a-f])|(?=\}))){5}\}/iy;
const PUNCTUATION = /@\(|@\{|\$\(|\|\||&&|[-+*/%]?=|[{}(),;|&]/y;
const WORD = /(?:`[^\n]|[^\s{}(),;|&"'=`])+/y;

/** The token that starts at or after a position; comments and continued line ends are none. */
export function nextToken(source: Source, from: Position): Token {
  const { text } = source;
  let { offset, line } = from;
  let comment = false;
  for (;;) {
    offset = skipBlanks(text, offset);
    const continuation = matchAt(CONTINUATION, text, offset);
    if (continuation !== '') {
      offset += continuation.length;
      if (continuation.endsWith('\n')) line++;
    } else if (text.startsWith('<#', offset) && offset < source.lastCommentEnd - 1) {
      const end = text.indexOf('#>', offset + 2) + 2;
      line += text.slice(offset, end).split('\n').length - 1;
      offset = end;
    } else if (text.startsWith('#', offset) || text.startsWith('<#', offset)) {
      offset = lineEnd(text, offset);
      comment = true;
    } else {
      return tokenAt(source, offset, line, comment);
    }
  }
}

function tokenAt(source: Source, start: number, line: number, comment: boolean): Token {
  const { text } = source;
  const place = (length: number, lines = 0): TokenPlace => ({
    start,
    line,
    end: { offset: start + length, line: line + lines },
  });
  const first = text[start];
  if (first === undefined) return { kind: 'end', ...place(0) };
  if (first === '\n') return { kind: 'newline', comment, ...place(1, 1) };
  if (first === '"' || first === "'") {
    const string = scanString(text, start);
    return { kind: 'string', ...string, ...place(string.length, string.lines) };
  }
  if (first === '@') {
    const string = start < source.lastHereStringEnd ? scanHereString(text, start) : undefined;
    if (string !== undefined)
      return { kind: 'string', ...string, ...place(string.length, string.lines) };
    const splat = matchAt(SPLAT, text, start);
    if (splat !== '') return { kind: 'splat', name: splat.slice(1), ...place(splat.length) };
  }
  if (first === '$') {
    const variable = matchAt(VARIABLE, text, start);
    if (variable !== '') {
      const access = matchAt(ACCESS, text, start + variable.length);
      const name = variable.replace(/^\$\{?|\}$/g, '').replace(SCOPE, '');
      return { kind: 'variable', name, access, ...place(variable.length + access.length) };
    }
  }
  if (first === '[') {
    const cast = matchAt(CAST, text, start);
    if (cast !== '') return { kind: 'cast', ...place(cast.length) };
  }
  const redirection = matchAt(REDIRECTION, text, start);
  if (redirection !== '')
    return {
      kind: 'redirection',
      toStream: redirection.includes('&'),
      ...place(redirection.length),
    };
  const uuid = matchAt(BRACED_UUID, text, start);
  if (uuid !== '') {
    const lines = uuid.split('\n').length - 1;
    return { kind: 'word', text: uuid.replace(/[ \n]/g, ''), ...place(uuid.length, lines) };
  }
  const punctuation = matchAt(PUNCTUATION, text, start);
  if (punctuation !== '')
    return { kind: 'punctuation', text: punctuation, ...place(punctuation.length) };
  return first === '-' ? dashAt(text, start, place) : wordAt(text, start, place);
}

type Place = (length: number, lines?: number) => TokenPlace;

/** A parameter, whose name may be wrapped onto the next line behind its dash. */
function dashAt(text: string, start: number, place: Place): Token {
  const wrap = matchAt(WRAPPED_DASH, text, start);
  const nameAt = wrap === '' ? start : start + wrap.length - 1;
  if (wrap !== '' && statementStartAt(text, nameAt + 1) !== undefined)
    return { kind: 'word', text: '-', ...place(1) };
  const name = wrap === '' ? matchAt(PARAMETER, text, start) : matchAt(/\w+:?/y, text, nameAt + 1);
  if (name === '') return wordAt(text, start, place);
  const colon = name.endsWith(':');
  return {
    kind: 'parameter',
    name: name.replace(/^-|:$/g, ''),
    colon,
    ...(wrap === '' ? place(name.length) : place(wrap.length + name.length, 1)),
  };
}

/** A bare word; one that ends a line in `-` or `/` goes on where the next line starts. */
function wordAt(text: string, start: number, place: Place): Token {
  let word = matchAt(WORD, text, start);
  if (word === '') return { kind: 'word', text: text.charAt(start), ...place(1) };
  let end = start + word.length;
  let lines = 0;
  while (/[^-/][-/]$/.test(word) && text[end] === '\n') {
    if (statementStartAt(text, end + 1) !== undefined) break;
    const rest = matchAt(/[A-Za-z0-9][^\s{}(),;|&"'=`]*/y, text, end + 1);
    if (rest === '') break;
    word += rest;
    end += 1 + rest.length;
    lines++;
  }
  return { kind: 'word', text: word.replace(/`(.)/g, '$1'), ...place(end - start, lines) };
}
