import { bindParameters } from './bind-parameters.js';
import { cmdletNamed } from './cmdlet.js';
import { containsPolicyCommand, type Expression, type Pipeline, type Statement } from './syntax.js';
import type { PolicyCall } from './policy-call.js';
import type { Report } from './report.js';
import {
  addValues,
  expandText,
  FROM_COMMAND,
  readVariable,
  sizeOf,
  textValue,
  type Scope,
  type Value,
} from './value.js';

/**
 * More steps than this are no policy script. A statement is a step, and so are each turn of a loop,
 * each number of a range, and so many characters or items that are put together or read.
 */
const MAX_STEPS = 2_000_000;
const SIZE_PER_STEP = 8;
const MAX_RANGE = 65_536;
const FOR_EACH = new Set(['foreach-object', 'foreach', '%']);

const CALCULATED: Value = { kind: 'unknown', why: 'is calculated by the script' };

interface Run {
  readonly scope: Scope;
  readonly calls: PolicyCall[];
  readonly report: Report;
  steps: number;
  /** Whether the report says that there were too many. */
  exhausted: boolean;
}

/**
 * The calls of the four policy cmdlets that a script makes, in its order, each parameter with its
 * value as far as the script alone tells it. Loops over lists run once per item; a block behind a
 * condition runs once; functions are not called.
 */
export function evaluate(statements: readonly Statement[], report: Report): PolicyCall[] {
  const run: Run = { scope: new Map(), calls: [], report, steps: 0, exhausted: false };
  runStatements(run, statements);
  return run.calls;
}

function runStatements(run: Run, statements: readonly Statement[]): void {
  for (const statement of statements) {
    if (spend(run, 1)) runStatement(run, statement);
    if (run.steps <= MAX_STEPS) continue;
    if (!run.exhausted)
      run.report.problem(
        lineOf(statement),
        'limitExceeded',
        `The script takes more than ${MAX_STEPS} steps. Split it, or shorten its loops.`,
      );
    run.exhausted = true;
    return;
  }
}

/** Whether there are so many steps left. */
function spend(run: Run, steps: number): boolean {
  run.steps += steps;
  return run.steps <= MAX_STEPS;
}

/** The value, its size counted. */
function paid(run: Run, value: Value): Value {
  spend(run, Math.floor(sizeOf(value) / SIZE_PER_STEP));
  return value;
}

function runStatement(run: Run, statement: Statement): void {
  switch (statement.kind) {
    case 'note':
      run.report.note(statement.line, statement.message);
      break;
    case 'block':
      runStatements(run, statement.body);
      break;
    case 'assignment':
      assign(run, statement);
      break;
    case 'foreach':
      for (const item of itemsOf(evaluateExpression(run, statement.items))) {
        if (!spend(run, 1)) break;
        run.scope.set(statement.variable.toLowerCase(), item);
        runStatements(run, statement.body);
      }
      break;
    case 'function':
      if (containsPolicyCommand(statement.body))
        run.report.problem(
          statement.line,
          'invalidValue',
          `Function ${statement.name} makes policy, and calls of functions are not followed. Write its commands out, or use foreach.`,
        );
      break;
    case 'pipeline':
      runPipeline(run, statement);
      break;
  }
}

function assign(run: Run, statement: Extract<Statement, { kind: 'assignment' }>): void {
  const value = evaluateExpression(run, statement.value);
  const key = statement.variable.toLowerCase();
  const before = run.scope.get(key);
  if (statement.property !== undefined) {
    if (before?.kind === 'table')
      before.entries.set(statement.property.toLowerCase(), { name: statement.property, value });
    return;
  }
  const append = statement.append && before !== undefined;
  run.scope.set(key, append ? paid(run, addValues(before, value)) : value);
}

function runPipeline(run: Run, pipeline: Pipeline): void {
  let input = pipeline.input === undefined ? FROM_COMMAND : evaluateExpression(run, pipeline.input);
  for (const command of pipeline.commands) {
    const cmdlet = cmdletNamed(command.name);
    const items = FOR_EACH.has(command.name.toLowerCase()) ? itemsOf(input) : [FROM_COMMAND];
    const bodies = command.arguments.flatMap(({ value }) =>
      value?.kind === 'body' ? [value] : [],
    );
    for (const item of bodies.length === 0 ? [] : items) {
      if (!spend(run, 1)) break;
      run.scope.set('_', item);
      for (const { body } of bodies) runStatements(run, body);
    }
    if (cmdlet === undefined)
      noteSkipped(run.report, command.line, command.name, bodies.length > 0);
    else {
      const values = bindParameters(command, cmdlet, run.report, run.scope, (expression) =>
        expression.kind === 'body' ? FROM_COMMAND : evaluateExpression(run, expression),
      );
      if (values !== undefined) run.calls.push({ cmdlet, line: command.line, values });
    }
    input = FROM_COMMAND;
  }
}

function noteSkipped(report: Report, line: number, name: string, hasBody: boolean): void {
  if (!name.includes('-')) return;
  const changes = /^(?:Set|Remove)-NetVirtualization/i.test(name);
  if (changes)
    report.note(
      line,
      `Skipped ${name}: it changes what a host already has. Correct the New- command instead.`,
    );
  else if (hasBody) report.note(line, `Skipped ${name}; the commands in its block were read.`);
  else report.note(line, `Skipped ${name}: it makes no policy.`);
}

function evaluateExpression(run: Run, expression: Expression): Value {
  if (run.steps > MAX_STEPS) return CALCULATED;
  switch (expression.kind) {
    case 'string':
      return expression.expandable
        ? paid(run, expandText(expression.text, run.scope))
        : textValue(expression.text);
    case 'variable':
      return paid(run, readVariable(run.scope, expression.name, expression.access));
    case 'list':
      return { kind: 'list', items: expression.items.map((item) => evaluateExpression(run, item)) };
    case 'table': {
      const entries = expression.entries.map(
        ({ name, value }) =>
          [name.toLowerCase(), { name, value: evaluateExpression(run, value) }] as const,
      );
      return { kind: 'table', entries: new Map(entries) };
    }
    case 'range':
      return rangeValue(run, expression.from, expression.to);
    case 'sum':
      return expression.terms
        .map((term) => evaluateExpression(run, term))
        .reduce((a, b) => paid(run, addValues(a, b)));
    case 'body':
      runStatements(run, expression.body);
      return FROM_COMMAND;
    case 'unknown':
      return CALCULATED;
  }
}

function rangeValue(run: Run, from: number, to: number): Value {
  const length = Math.abs(to - from) + 1;
  if (length > MAX_RANGE || !spend(run, length))
    return { kind: 'unknown', why: `is a range of more than ${MAX_RANGE} numbers` };
  const step = to < from ? -1 : 1;
  return {
    kind: 'list',
    items: Array.from({ length }, (_, index) => textValue(String(from + index * step))),
  };
}

function itemsOf(value: Value): readonly Value[] {
  return value.kind === 'list' ? value.items : [value];
}

function lineOf(statement: Statement): number {
  switch (statement.kind) {
    case 'pipeline':
      return statement.commands[0]?.line ?? 1;
    case 'block':
      return statement.body[0] === undefined ? 1 : lineOf(statement.body[0]);
    case 'assignment':
    case 'foreach':
    case 'function':
    case 'note':
      return statement.line;
  }
}
