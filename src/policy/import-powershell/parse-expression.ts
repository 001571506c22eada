import { parseStatements } from './parse-statements.js';
import { isPunctuation, skipNewlines, takePunctuation, type Reader } from './reader.js';
import { statementStartAt } from './statement-start.js';
import type { Expression, TableEntry } from './syntax.js';
import type { Token } from './token.js';

const MAX_DEPTH = 50;

/** Whether a token can start a value. */
export function isValueStart(token: Token): boolean {
  switch (token.kind) {
    case 'string':
    case 'word':
    case 'variable':
    case 'cast':
      return true;
    case 'punctuation':
      return ['(', '$(', '@(', '@{', '{'].includes(token.text);
    case 'end':
    case 'newline':
    case 'parameter':
    case 'splat':
    case 'redirection':
      return false;
  }
}

/** The value of a command's parameter: one, or several with commas between. Takes at least one token. */
export function parseValue(reader: Reader, depth: number): Expression {
  return parseList(reader, depth, parseTerm);
}

/** What stands right of `=`, after `in` and in parentheses. Without `list`, a comma ends it. */
export function parseExpression(
  reader: Reader,
  depth: number,
  options: { readonly list: boolean } = { list: true },
): Expression {
  if (!isValueStart(reader.peek())) return { kind: 'unknown' };
  return options.list ? parseList(reader, depth, parseSum) : parseSum(reader, depth);
}

type ParsePart = (reader: Reader, depth: number) => Expression;

function parseList(reader: Reader, depth: number, parsePart: ParsePart): Expression {
  const first = parsePart(reader, depth);
  if (!isPunctuation(reader.peek(), ',')) return first;
  const items = [first];
  while (takePunctuation(reader, ',')) {
    skipNewlines(reader);
    const isItem =
      isValueStart(reader.peek()) &&
      statementStartAt(reader.source.text, reader.peek().start) === undefined;
    if (!isItem) break;
    items.push(parsePart(reader, depth));
  }
  return { kind: 'list', items };
}

/** Terms with `+` between them; with any other operator the value is unknown. */
function parseSum(reader: Reader, depth: number): Expression {
  const terms = [parseTerm(reader, depth)];
  for (;;) {
    const operator = reader.peek();
    const isPlus = operator.kind === 'word' && operator.text === '+';
    const isOther =
      operator.kind === 'parameter' ||
      (operator.kind === 'word' && /^[-*/%]$|^\.\.$/.test(operator.text));
    if (!isPlus && !isOther) break;
    reader.take();
    if (isOther) terms.push({ kind: 'unknown' });
    if (isValueStart(reader.peek())) terms.push(parseTerm(reader, depth));
  }
  const [only] = terms;
  return only !== undefined && terms.length === 1 ? only : { kind: 'sum', terms };
}

function parseTerm(reader: Reader, depth: number): Expression {
  let token = reader.take();
  while (token.kind === 'cast' && isValueStart(reader.peek())) token = reader.take();
  switch (token.kind) {
    case 'string':
      return { kind: 'string', text: token.text, expandable: token.expandable };
    case 'variable':
      return { kind: 'variable', name: token.name, access: token.access };
    case 'word': {
      const range = /^(\d{1,9})\.\.(\d{1,9})$/.exec(token.text);
      if (range !== null) return { kind: 'range', from: Number(range[1]), to: Number(range[2]) };
      return { kind: 'string', text: token.text, expandable: token.text.includes('$') };
    }
    case 'punctuation':
      return depth < MAX_DEPTH ? parseGroup(reader, token.text, depth + 1) : { kind: 'unknown' };
    case 'end':
    case 'newline':
    case 'parameter':
    case 'splat':
    case 'cast':
    case 'redirection':
      return { kind: 'unknown' };
  }
}

/** What an opening bracket, already taken, leads to. */
function parseGroup(reader: Reader, bracket: string, depth: number): Expression {
  switch (bracket) {
    case '{':
      return { kind: 'body', body: parseStatements(reader, '}', depth) };
    case '@{':
      return { kind: 'table', entries: parseEntries(reader, depth) };
    case '@(':
      return { kind: 'list', items: parseItems(reader, depth) };
    case '(':
    case '$(': {
      skipNewlines(reader);
      const token = reader.peek();
      const isCommand =
        statementStartAt(reader.source.text, token.start) !== undefined ||
        (token.kind === 'word' && !/^[-\d.]/.test(token.text));
      if (isCommand) return { kind: 'body', body: parseStatements(reader, ')', depth) };
      const value = parseExpression(reader, depth);
      skipNewlines(reader);
      return takePunctuation(reader, ')') ? value : { kind: 'unknown' };
    }
    default:
      return { kind: 'unknown' };
  }
}

/** Items up to the closing parenthesis, with commas, semicolons or line ends between them. */
function parseItems(reader: Reader, depth: number): Expression[] {
  const items: Expression[] = [];
  for (;;) {
    const token = reader.peek();
    if (token.kind === 'end' || isPunctuation(token, '}')) return items;
    if (takePunctuation(reader, ')')) return items;
    if (statementStartAt(reader.source.text, token.start) !== undefined) {
      items.push({ kind: 'body', body: parseStatements(reader, ')', depth) });
      return items;
    }
    if (isValueStart(token)) items.push(parseSum(reader, depth));
    else reader.take();
  }
}

/** `name = value` up to the closing brace, with semicolons or line ends between them. */
function parseEntries(reader: Reader, depth: number): TableEntry[] {
  const entries: TableEntry[] = [];
  for (;;) {
    const token = reader.take();
    if (token.kind === 'end' || isPunctuation(token, '}')) return entries;
    if ((token.kind === 'word' || token.kind === 'string') && takePunctuation(reader, '=')) {
      skipNewlines(reader);
      entries.push({ name: token.text, value: parseExpression(reader, depth) });
    }
  }
}
