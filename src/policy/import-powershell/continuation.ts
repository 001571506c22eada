import { hasForeignCharacters } from './characters.js';
import {
  cmdletNamed,
  isSwitch,
  parameterNamed,
  requiredParameters,
  type ParameterName,
} from './cmdlet.js';
import { lineEnd, skipBlanks, statementStartAt } from './statement-start.js';
import type { Argument } from './syntax.js';
import { nextToken, type Position, type Source, type Token } from './token.js';

/** A command whose line has ended. */
export interface OpenCommand {
  readonly name: string;
  readonly arguments: readonly Argument[];
  /** The last argument is a parameter that has no value yet, or a comma that needs one more. */
  readonly pending: boolean;
}

export interface Continuation {
  /** Where the command's next argument starts. */
  readonly position: Position;
  /** Lines in between that are no part of it: page numbers and headings. */
  readonly skipped: readonly SkippedLine[];
}

export interface SkippedLine {
  readonly line: number;
  readonly text: string;
}

/** A page break puts a few empty lines, a page number and a heading into a command. */
const MAX_GAP_LINES = 12;

/**
 * Where a command goes on that was wrapped without a backtick. The very next line is taken when it
 * reads as arguments; a later one, behind empty lines or a page break, only while the command
 * lacks something. `from` is the start of the line after the command's last one.
 */
export function findContinuation(
  source: Source,
  from: Position,
  command: OpenCommand,
): Continuation | undefined {
  const { text } = source;
  const skipped: SkippedLine[] = [];
  const maxGap = isIncomplete(command) ? MAX_GAP_LINES : 0;
  let { offset, line } = from;
  for (let gap = 0; gap <= maxGap && offset < text.length; gap++, line++) {
    const start = skipBlanks(text, offset);
    const end = lineEnd(text, offset);
    if (statementStartAt(text, start) !== undefined || /[}#]/.test(text.charAt(start)))
      return undefined;
    if (start < end) {
      const position = { offset: start, line };
      if (!isPageNumber(text, offset, end) && readsAsArguments(source, position, command))
        return { position, skipped };
      if (text[start] === '{') return undefined;
      skipped.push({ line, text: text.slice(start, end) });
    }
    offset = end + 1;
  }
  return undefined;
}

/** Digits alone between two empty lines. */
function isPageNumber(text: string, offset: number, end: number): boolean {
  return (
    /^ *\d{1,4} *$/.test(text.slice(offset, end)) &&
    /\n *\n$/.test(text.slice(Math.max(0, offset - 80), offset)) &&
    /^(?:\n *(?:\n|$)|$)/.test(text.slice(end, end + 80))
  );
}

function isIncomplete(command: OpenCommand): boolean {
  const cmdlet = cmdletNamed(command.name);
  if (cmdlet === undefined) return false;
  if (command.pending) return true;
  const given = givenParameters(command);
  return requiredParameters(cmdlet).some((parameter) => !given.has(parameter));
}

function givenParameters(command: OpenCommand): Set<ParameterName> {
  const cmdlet = cmdletNamed(command.name);
  const given = new Set<ParameterName>();
  if (cmdlet === undefined) return given;
  for (const { name } of command.arguments) {
    const parameter = name === undefined ? undefined : parameterNamed(cmdlet, name);
    if (parameter !== undefined) given.add(parameter);
  }
  return given;
}

/**
 * Whether a line holds parameters with at most one value each, and for the four policy cmdlets only
 * parameters of theirs that the command does not have yet. Prose that happens to start with a dash
 * or to follow an open parameter does not pass.
 */
function readsAsArguments(source: Source, from: Position, command: OpenCommand): boolean {
  const cmdlet = cmdletNamed(command.name);
  const given = givenParameters(command);
  let mayTakeValue = command.pending;
  let position = from;
  for (let first = true; ; first = false) {
    const token = nextToken(source, position);
    switch (token.kind) {
      case 'end':
      case 'newline':
        return !first;
      case 'parameter': {
        const parameter = cmdlet && parameterNamed(cmdlet, token.name);
        if (cmdlet !== undefined && (parameter === undefined || given.has(parameter))) return false;
        if (parameter !== undefined) given.add(parameter);
        mayTakeValue = parameter === undefined || !isSwitch(parameter) || token.colon;
        break;
      }
      case 'punctuation':
        if (token.text === ',') {
          mayTakeValue = true;
          break;
        }
        return !first || (mayTakeValue && ['(', '@(', '@{', '$('].includes(token.text));
      case 'redirection':
        return !first;
      case 'cast':
        if (!mayTakeValue) return false;
        break;
      case 'splat':
        break;
      case 'string':
      case 'word':
      case 'variable':
        if (!mayTakeValue || !isPlainValue(token)) return false;
        mayTakeValue = false;
    }
    position = token.end;
  }
}

function isPlainValue(token: Token): boolean {
  return token.kind !== 'word' || !hasForeignCharacters(token.text);
}
