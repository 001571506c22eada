import type { WriteStream } from 'node:tty';

/** Where a person watches the demo. */
export interface Screen {
  /** Plain lines between the checks. */
  text(...lines: readonly string[]): void;
  heading(number: number, total: number, title: string): void;
  /** Evidence inside a check. */
  readonly line: (line: string) => void;
  outcome(ok: boolean, detail: string, seconds: number): void;
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32 } as const;

/** Colours on a terminal only, and not where NO_COLOR asks for none. */
export function createScreen(stream: Pick<WriteStream, 'isTTY' | 'write'>): Screen {
  const coloured = stream.isTTY && !process.env['NO_COLOR'];
  const paint = (style: keyof typeof STYLES, text: string): string =>
    coloured ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
  const print = (line: string): void => void stream.write(`${line}\n`);
  return {
    text: (...lines) => lines.forEach(print),
    heading: (number, total, title) =>
      print(`\n${paint('dim', `[${number}/${total}]`)} ${paint('bold', title)}`),
    line: (line) => print(paint('dim', `      ${line}`.trimEnd())),
    outcome: (ok, detail, seconds) =>
      print(
        `  ${paint(ok ? 'green' : 'red', ok ? ' ok ' : 'FAIL')} ${ok ? detail : paint('red', detail)} ${paint('dim', `(${seconds.toFixed(1)} s)`)}`,
      ),
  };
}
