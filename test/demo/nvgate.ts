import { demand, type Say, type Stage } from './check.js';

export interface NvgateOptions {
  readonly input?: string;
  /** What of the answer is shown; all of it where absent. */
  readonly show?: (line: string) => boolean;
}

/** Runs the CLI beside the daemon, and shows the command and its answer. */
export async function nvgate(
  { gateway }: Pick<Stage, 'gateway'>,
  say: Say,
  args: readonly string[],
  { input, show = () => true }: NvgateOptions = {},
): Promise<string> {
  say(`$ nvgate ${args.join(' ')}`);
  const { status, stdout, stderr } = await gateway.cli(args, input);
  for (const line of `${stderr}${stdout}`.trimEnd().split('\n').filter(show)) say(`  ${line}`);
  demand(status === 0, `nvgate ${args.join(' ')} ended with status ${status}: ${stderr.trim()}`);
  return stdout;
}

/** Asks the CLI in silence. */
export async function ask<T>(
  { gateway }: Pick<Stage, 'gateway'>,
  args: readonly string[],
): Promise<T> {
  return JSON.parse(await gateway.nvgate([...args, '-o', 'json'])) as T;
}
