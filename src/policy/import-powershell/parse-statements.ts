import { parseExpression } from './parse-expression.js';
import { parsePipeline, pipelineBehind } from './parse-command.js';
import {
  createReader,
  isFirstOnLine,
  isPunctuation,
  skipNewlines,
  takePunctuation,
  type Reader,
} from './reader.js';
import { lineEnd, matchAt, matchesAt, statementStartAt } from './statement-start.js';
import { skippedLine, type Expression, type Statement } from './syntax.js';
import { createSource, type Token } from './token.js';

/** Deeper nesting than this is no script that anybody wrote; what is deeper is read flat. */
const MAX_DEPTH = 50;
const OPENING = /[$@]?\( */y;
const WRAPPED_VALUE = / *["'$@\d]/y;

/**
 * Reads a script, or a text that has one somewhere in it. There are no syntax errors: a line that
 * no statement can start with becomes a note, a missing brace closes at the end of the text.
 * `text` has normalised characters.
 */
export function parseScript(text: string): Statement[] {
  return parseStatements(createReader(createSource(text)), undefined, 0);
}

/** Statements up to a closing brace or parenthesis, which is taken if it is there. */
export function parseStatements(
  reader: Reader,
  closing: '}' | ')' | undefined,
  depth: number,
): Statement[] {
  const statements: Statement[] = [];
  for (;;) {
    const token = reader.peek();
    if (token.kind === 'end') return statements;
    if (closing !== undefined && takePunctuation(reader, closing)) return statements;
    if (closing === ')' && isPunctuation(token, '}')) return statements;
    if (token.kind === 'newline' || isPunctuation(token, ';', ',', ')', '}', '|', '&', '&&', '||'))
      reader.take();
    else if (isPunctuation(token, '{', '(', '$(', '@(') && opensStatements(reader)) {
      const close = token.kind === 'punctuation' && token.text === '{' ? '}' : ')';
      reader.take();
      if (depth < MAX_DEPTH)
        statements.push({ kind: 'block', body: parseStatements(reader, close, depth + 1) });
    } else statements.push(...parseStatement(reader, depth));
  }
}

/** A brace always does; a parenthesis when a statement or another bracket follows it. */
function opensStatements(reader: Reader): boolean {
  const { text } = reader.source;
  const { start } = reader.peek();
  if (text[start] === '{') return true;
  const inside = start + matchAt(OPENING, text, start).length;
  return (
    statementStartAt(text, inside) !== undefined || text[inside] === '(' || text[inside] === '&'
  );
}

function parseStatement(reader: Reader, depth: number): Statement[] {
  const { text } = reader.source;
  const token = reader.peek();
  switch (statementStartAt(text, token.start)) {
    case 'command':
      return parsePipeline(reader, depth);
    case 'assignment':
      return parseAssignment(reader, depth);
    case 'keyword':
      return parseKeyword(reader, depth);
    case undefined:
      break;
  }
  if (token.kind === 'cast') {
    reader.take();
    if (reader.peek().kind === 'variable' || isPunctuation(reader.peek(), '(', '$(')) return [];
    reader.moveTo({ offset: token.start, line: token.line });
  }
  const rest = text.slice(token.start, lineEnd(text, token.start));
  const isInput =
    token.kind === 'variable' || token.kind === 'string' || /^(?:@\(|\(?\d+\.\.\d)/.test(rest);
  if (isInput && rest.includes('|')) {
    const input = parseExpression(reader, depth);
    if (takePunctuation(reader, '|')) return pipelineBehind(reader, input, depth);
    reader.moveTo({ offset: token.start, line: token.line });
  }
  if (!isFirstOnLine(reader.source, token)) {
    skipExpression(reader);
    return [];
  }
  const { line, text: skipped } = reader.takeLine();
  return [skippedLine(line, skipped)];
}

/** A value that stands where a statement could, as in a filter: `{$_.Name -eq 'x'}`. */
function skipExpression(reader: Reader): void {
  let open = 0;
  do {
    const token = reader.take();
    if (isPunctuation(token, '{', '@{', '(', '$(', '@(')) open++;
    if (isPunctuation(token, '}', ')')) open--;
  } while (!endsExpression(reader.peek(), open));
}

function endsExpression(next: Token, open: number): boolean {
  if (next.kind === 'end' || next.kind === 'newline') return true;
  return open <= 0 && isPunctuation(next, ';', '}', ')');
}

/** `$name = value`, with `[type]` before it, a property behind it, or `+=` for the sign. */
function parseAssignment(reader: Reader, depth: number): Statement[] {
  while (reader.peek().kind === 'cast') reader.take();
  const target = reader.take();
  const sign = reader.take();
  if (target.kind !== 'variable' || sign.kind !== 'punctuation') return [];
  const property = /^\.(\w+)$/.exec(target.access)?.[1];
  if (target.access !== '' && property === undefined) {
    parseAssigned(reader, depth);
    return [];
  }
  return [
    {
      kind: 'assignment',
      line: target.line,
      variable: target.name,
      ...(property === undefined ? {} : { property }),
      append: sign.text === '+=',
      value:
        sign.text === '=' || sign.text === '+='
          ? parseAssigned(reader, depth)
          : { kind: 'sum', terms: [parseAssigned(reader, depth), { kind: 'unknown' }] },
    },
  ];
}

/** What stands right of the sign or behind `in`: a value, or commands, whose output the script does not show. */
function parseAssigned(reader: Reader, depth: number): Expression {
  const { text } = reader.source;
  if (reader.peek().kind === 'newline') {
    if (matchesAt(WRAPPED_VALUE, text, reader.peek().end.offset)) skipNewlines(reader);
  }
  const token = reader.peek();
  if (statementStartAt(text, token.start) !== undefined && depth < MAX_DEPTH)
    return { kind: 'body', body: parseStatement(reader, depth + 1) };
  if (token.kind === 'word' && !/^[-\d.]/.test(token.text))
    return { kind: 'body', body: parsePipeline(reader, depth) };
  const value = parseExpression(reader, depth);
  if (takePunctuation(reader, '|'))
    return { kind: 'body', body: pipelineBehind(reader, value, depth) };
  return value;
}

function parseKeyword(reader: Reader, depth: number): Statement[] {
  const token = reader.take();
  const keyword = token.kind === 'word' ? token.text.toLowerCase() : '';
  switch (keyword) {
    case 'foreach':
      return parseForeach(reader, token.line, depth);
    case 'param':
      return parseParameters(reader, depth);
    case 'function':
    case 'filter':
    case 'workflow':
      return parseFunction(reader, token.line, depth);
    case 'if':
    case 'elseif':
    case 'else':
    case 'for':
    case 'while':
    case 'switch': {
      skipParentheses(reader);
      const message = `"${keyword}" is not evaluated; its block is read once, whatever its condition.`;
      return [{ kind: 'note', line: token.line, message }];
    }
    default:
      while (reader.peek().kind === 'cast') reader.take();
      return [];
  }
}

/** `foreach ($variable in items) { body }` */
function parseForeach(reader: Reader, line: number, depth: number): Statement[] {
  takePunctuation(reader, '(');
  const variable = reader.peek();
  if (variable.kind !== 'variable') return [skippedLine(line, `foreach ${reader.takeLine().text}`)];
  reader.take();
  const word = reader.peek();
  if (word.kind !== 'word' || word.text.toLowerCase() !== 'in')
    return [skippedLine(line, `foreach ${reader.takeLine().text}`)];
  reader.take();
  const items = parseAssigned(reader, depth);
  takePunctuation(reader, ')');
  const body = parseBody(reader, depth);
  return [{ kind: 'foreach', line, variable: variable.name, items, body }];
}

/** `function Name (parameters) { body }` */
function parseFunction(reader: Reader, line: number, depth: number): Statement[] {
  const name = reader.take();
  skipParentheses(reader);
  const body = parseBody(reader, depth);
  return [{ kind: 'function', line, name: name.kind === 'word' ? name.text : '', body }];
}

function parseBody(reader: Reader, depth: number): Statement[] {
  skipNewlines(reader);
  if (depth >= MAX_DEPTH || !takePunctuation(reader, '{')) return [];
  return parseStatements(reader, '}', depth + 1);
}

/** `param([type] $name = default, …)`: the defaults are the values that the script runs with. */
function parseParameters(reader: Reader, depth: number): Statement[] {
  const statements: Statement[] = [];
  takePunctuation(reader, '(');
  for (;;) {
    const token = reader.peek();
    if (token.kind === 'end' || isPunctuation(token, '{', '}')) return statements;
    if (takePunctuation(reader, ')')) return statements;
    reader.take();
    if (token.kind === 'variable' && takePunctuation(reader, '='))
      statements.push({
        kind: 'assignment',
        line: token.line,
        variable: token.name,
        append: false,
        value: parseExpression(reader, depth, { list: false }),
      });
  }
}

/** A condition, if it ends on its line; else the rest of the line. */
function skipParentheses(reader: Reader): void {
  if (!isPunctuation(reader.peek(), '(')) return;
  let open = 0;
  do {
    const token = reader.peek();
    if (token.kind === 'end' || token.kind === 'newline') return;
    if (isPunctuation(token, '(', '$(', '@(')) open++;
    if (isPunctuation(token, ')')) open--;
    reader.take();
  } while (open > 0);
}
