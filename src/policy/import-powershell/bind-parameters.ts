import { hasForeignCharacters } from './characters.js';
import { parameterNamed, type CmdletName, type ParameterName } from './cmdlet.js';
import type { Report } from './report.js';
import type { Command, Expression } from './syntax.js';
import type { Scope, Value } from './value.js';

/**
 * The values of a policy cmdlet's parameters. Undefined for a text that only mentions the cmdlet:
 * it names no parameter at all.
 */
export function bindParameters(
  command: Command,
  cmdlet: CmdletName,
  report: Report,
  scope: Scope,
  evaluate: (expression: Expression) => Value,
): Map<ParameterName, Value> | undefined {
  const { line } = command;
  const isMention = command.arguments.every(
    ({ name, splat }) => name === undefined && splat === undefined,
  );
  if (isMention) {
    report.note(line, `Skipped ${cmdlet}: it is named here without parameters.`);
    return undefined;
  }
  const values = new Map<ParameterName, Value>();
  const set = (name: string, value: Value): void => {
    const parameter = parameterNamed(cmdlet, name);
    if (parameter === undefined)
      report.problem(
        line,
        'unknownField',
        `${cmdlet} has no parameter -${name}. Correct or remove it.`,
      );
    else if (values.has(parameter))
      report.problem(line, 'duplicate', `-${parameter} is there twice. Remove one.`);
    else values.set(parameter, value);
  };
  for (const { name, value, splat } of command.arguments) {
    if (splat !== undefined) {
      const table = scope.get(splat.toLowerCase());
      if (table?.kind === 'table')
        for (const entry of table.entries.values()) set(entry.name, entry.value);
      else
        report.problem(
          line,
          'invalidValue',
          `@${splat} is no hash table of the script. Write the parameters out.`,
        );
    } else if (name !== undefined) {
      const missing: Value = { kind: 'unknown', why: 'is not there' };
      set(name, value === undefined ? missing : evaluate(value));
    } else if (value !== undefined) reportStray(line, cmdlet, evaluate(value), report);
  }
  return values;
}

/** A value that no parameter takes; behind the command on its line may be text of the page. */
function reportStray(line: number, cmdlet: CmdletName, value: Value, report: Report): void {
  const shown = value.kind === 'text' ? `"${value.text}"` : 'A value';
  if (value.kind === 'text' && hasForeignCharacters(value.text))
    report.note(line, `Skipped ${shown} behind ${cmdlet}: it belongs to no parameter.`);
  else
    report.problem(
      line,
      'invalidValue',
      `${shown} belongs to no parameter of ${cmdlet}. Name its parameter, or put what belongs together in quotes.`,
    );
}
