import { cmdletNamed } from './cmdlet.js';

/** A script as it is written: what it says, nothing evaluated. Lines are 1-based. */
export type Statement =
  | Pipeline
  | {
      readonly kind: 'assignment';
      readonly line: number;
      readonly variable: string;
      /** Of a hash table: `$table.Name = …` */
      readonly property?: string;
      readonly append: boolean;
      readonly value: Expression;
    }
  | {
      readonly kind: 'foreach';
      readonly line: number;
      readonly variable: string;
      readonly items: Expression;
      readonly body: readonly Statement[];
    }
  | {
      readonly kind: 'function';
      readonly line: number;
      readonly name: string;
      readonly body: readonly Statement[];
    }
  | { readonly kind: 'block'; readonly body: readonly Statement[] }
  /** Something to tell the reader, in place of what was there. */
  | { readonly kind: 'note'; readonly line: number; readonly message: string };

export interface Pipeline {
  readonly kind: 'pipeline';
  /** `$list |` before the first command */
  readonly input?: Expression;
  readonly commands: readonly Command[];
}

export interface Command {
  readonly line: number;
  /** Without the module's name. */
  readonly name: string;
  readonly arguments: readonly Argument[];
}

/** `-Name value`, a switch (no value), a value by position (no name) or `@splat`. */
export interface Argument {
  readonly name?: string;
  readonly value?: Expression;
  readonly splat?: string;
}

export type Expression =
  /** `expandable`: `$variables` in it stand for their values. */
  | { readonly kind: 'string'; readonly text: string; readonly expandable: boolean }
  | { readonly kind: 'variable'; readonly name: string; readonly access: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'table'; readonly entries: readonly TableEntry[] }
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  /** Terms with `+` between them. */
  | { readonly kind: 'sum'; readonly terms: readonly Expression[] }
  /** `(commands)` or `{script block}` */
  | { readonly kind: 'body'; readonly body: readonly Statement[] }
  | { readonly kind: 'unknown' };

export interface TableEntry {
  readonly name: string;
  readonly value: Expression;
}

/** In place of a line that no statement can start with. */
export function skippedLine(line: number, text: string): Statement {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return { kind: 'note', line, message: `Skipped a line that is no policy command: ${shown}` };
}

/** Whether one of the four policy cmdlets is anywhere in the statements. */
export function containsPolicyCommand(statements: readonly Statement[]): boolean {
  return statements.some((statement) => {
    switch (statement.kind) {
      case 'pipeline':
        return statement.commands.some(
          (command) =>
            cmdletNamed(command.name) !== undefined ||
            command.arguments.some(({ value }) => value !== undefined && holdsPolicyCommand(value)),
        );
      case 'assignment':
        return holdsPolicyCommand(statement.value);
      case 'foreach':
      case 'function':
      case 'block':
        return containsPolicyCommand(statement.body);
      case 'note':
        return false;
    }
  });
}

function holdsPolicyCommand(expression: Expression): boolean {
  return expression.kind === 'body' && containsPolicyCommand(expression.body);
}
