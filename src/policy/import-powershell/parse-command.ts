import { cmdletNamed, isSwitch, parameterNamed } from './cmdlet.js';
import { findContinuation } from './continuation.js';
import { isValueStart, parseValue } from './parse-expression.js';
import { isFirstOnLine, isPunctuation, skipNewlines, type Reader } from './reader.js';
import { skipBlanks, statementStartAt } from './statement-start.js';
import {
  skippedLine,
  type Argument,
  type Command,
  type Expression,
  type Statement,
} from './syntax.js';

/** `command | command | …`, and notes on what stood between their lines. */
export function parsePipeline(reader: Reader, depth: number): Statement[] {
  return pipelineBehind(reader, undefined, depth);
}

/** The commands of a pipeline whose input has been read. */
export function pipelineBehind(
  reader: Reader,
  input: Expression | undefined,
  depth: number,
): Statement[] {
  const commands: Command[] = [];
  const notes: Statement[] = [];
  do {
    skipNewlines(reader);
    commands.push(parseCommand(reader, notes, depth));
  } while (takesPipe(reader));
  return [{ kind: 'pipeline', ...(input === undefined ? {} : { input }), commands }, ...notes];
}

/** A pipe on the line, or first on the next one. */
function takesPipe(reader: Reader): boolean {
  const { text } = reader.source;
  const token = reader.peek();
  if (token.kind === 'newline' && !token.comment) {
    const next = skipBlanks(text, token.end.offset);
    if (text[next] !== '|' || text[next + 1] === '|') return false;
    reader.take();
  }
  if (!isPunctuation(reader.peek(), '|')) return false;
  reader.take();
  return true;
}

function parseCommand(reader: Reader, notes: Statement[], depth: number): Command {
  const token = reader.peek();
  if (token.kind !== 'word') return { line: token.line, name: '', arguments: [] };
  reader.take();
  const name = token.text.replace(/^.*\\/, '');
  const args = parseArguments(reader, name, notes, depth);
  return { line: token.line, name, arguments: args };
}

/** The arguments of a command, from its own line and from those that it was wrapped onto. */
function parseArguments(
  reader: Reader,
  name: string,
  notes: Statement[],
  depth: number,
): Argument[] {
  const cmdlet = cmdletNamed(name);
  const args: Argument[] = [];
  /** A parameter whose value has not come yet, it may be on the next line. */
  let pending: string | undefined;
  const settle = (): void => {
    if (pending !== undefined) args.push({ name: pending });
    pending = undefined;
  };
  for (;;) {
    const token = reader.peek();
    if (token.kind === 'end' || isPunctuation(token, ';', '|', ')', '}', '||', '&&')) break;
    if (token.kind === 'newline') {
      const open = pending === undefined ? args : [...args, { name: pending }];
      const continuation = token.comment
        ? undefined
        : findContinuation(reader.source, token.end, {
            name,
            arguments: open,
            pending: pending !== undefined,
          });
      if (continuation === undefined) break;
      for (const skipped of continuation.skipped)
        notes.push(skippedLine(skipped.line, skipped.text));
      reader.moveTo(continuation.position);
      continue;
    }
    const isNextStatement =
      isFirstOnLine(reader.source, token) &&
      statementStartAt(reader.source.text, token.start) !== undefined;
    if (isNextStatement) break;
    if (token.kind === 'parameter') {
      settle();
      reader.take();
      const parameter = cmdlet && parameterNamed(cmdlet, token.name);
      pending = token.name;
      if (parameter !== undefined && isSwitch(parameter) && !token.colon) settle();
    } else if (token.kind === 'splat') {
      settle();
      reader.take();
      args.push({ splat: token.name });
    } else if (token.kind === 'redirection') {
      reader.take();
      if (!token.toStream && isValueStart(reader.peek())) reader.take();
    } else {
      const value = parseValue(reader, depth);
      args.push(pending === undefined ? { value } : { name: pending, value });
      pending = undefined;
    }
  }
  settle();
  return args;
}
