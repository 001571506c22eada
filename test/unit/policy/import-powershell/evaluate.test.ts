import { describe, expect, test } from 'vitest';
import { evaluate } from '../../../../src/policy/import-powershell/evaluate.js';
import { parseScript } from '../../../../src/policy/import-powershell/parse-statements.js';
import {
  createReport,
  type ImportNote,
  type ImportProblem,
} from '../../../../src/policy/import-powershell/report.js';

const ROUTE = 'New-NetVirtualizationProviderRoute';

/** The `-NextHop` of every call, `?` where it is unknown. */
function nextHops(script: string): string[] {
  return run(script).calls.map((call) => {
    const value = call.values.get('NextHop');
    return value?.kind === 'text' ? value.text : '?';
  });
}

function run(script: string): {
  calls: ReturnType<typeof evaluate>;
  notes: ImportNote[];
  problems: ImportProblem[];
} {
  const report = createReport();
  const calls = evaluate(parseScript(script), report);
  return { calls, notes: report.notes(), problems: report.problems() };
}

describe('evaluate', () => {
  test.each<[string, string, string[]]>([
    ['a variable', `$a = "x"\n${ROUTE} -NextHop $A`, ['x']],
    [
      'the value at that time',
      `$a = 1\n${ROUTE} -NextHop $a\n$a = 2\n${ROUTE} -NextHop $a`,
      ['1', '2'],
    ],
    ['a loop', `foreach ($a in 'x', 'y') { ${ROUTE} -NextHop $a }`, ['x', 'y']],
    [
      'nested loops',
      `foreach ($a in 1..2) { foreach ($b in 'x','y') { ${ROUTE} -NextHop "$a$b" } }`,
      ['1x', '1y', '2x', '2y'],
    ],
    ['a range that falls', `foreach ($a in 3..1) { ${ROUTE} -NextHop $a }`, ['3', '2', '1']],
    ['ForEach-Object', `"x","y" | ForEach-Object { ${ROUTE} -NextHop $_ }`, ['x', 'y']],
    [
      'a loop over what a command says',
      `foreach ($a in Get-Content x) { ${ROUTE} -NextHop $a }`,
      ['?'],
    ],
    ['a script block', `Invoke-Command -ScriptBlock { ${ROUTE} -NextHop x }`, ['x']],
    ['a splat', `$p = @{NextHop = 'x'}\n$p.Metric = 5\n${ROUTE} @p`, ['x']],
    [
      'a grown list',
      `$l = @()\n$l += 'x'\n$l += 'y'\nforeach ($a in $l) { ${ROUTE} -NextHop $a }`,
      ['x', 'y'],
    ],
    ['a property of an object', `$i = Get-NetAdapter x\n${ROUTE} -NextHop $i.Name`, ['?']],
    ['another operator', `$a = "x"\n$a -= 1\n${ROUTE} -NextHop $a`, ['?']],
  ])('%s', (_what, script, expected) => {
    expect(nextHops(script)).toEqual(expected);
  });

  test('a mention of a cmdlet is a note', () => {
    for (const text of [ROUTE, `${ROUTE} を使用`, `${ROUTE} adds a route`]) {
      const { calls, notes, problems } = run(text);
      expect({ calls, problems }).toEqual({ calls: [], problems: [] });
      expect(notes).toEqual([
        { line: 1, message: expect.stringContaining('without parameters') as string },
      ]);
    }
  });

  test('other cmdlets are one note each, in loops too', () => {
    const { notes } = run(
      'foreach ($a in 1..9) {\nWrite-Host $a\n}\nSet-NetVirtualizationGlobal -X 1',
    );
    expect(notes.map(({ line }) => line)).toEqual([2, 4]);
  });

  test.each([
    ['unknownField', `${ROUTE} -NextHop x -Colour y`],
    ['unknownField', `${ROUTE} -NextHop x -I 5`],
    ['duplicate', `${ROUTE} -NextHop x -NextHop y`],
    ['invalidValue', `${ROUTE} -NextHop x y`],
    ['invalidValue', `${ROUTE} @p`],
    ['invalidValue', `function Add-It { ${ROUTE} -NextHop x }`],
  ])('%s: %s', (code, script) => {
    expect(run(`\n${script}`).problems).toMatchObject([{ line: 2, code }]);
  });

  test('text of the page behind a command is a note', () => {
    const { calls, notes, problems } = run(`${ROUTE} -NextHop x を実行`);
    expect(calls).toHaveLength(1);
    expect(problems).toEqual([]);
    expect(notes).toHaveLength(1);
  });
});

/** Each of them takes all the steps there are. */
describe('scripts without end', { timeout: 30_000 }, () => {
  test('loops without end are cut off', () => {
    const loops = 'foreach ($a in 1..60000) { '.repeat(4);
    const { problems } = run(`${loops} $b = 1 ${'}'.repeat(4)}`);
    expect(problems).toMatchObject([{ line: 1, code: 'limitExceeded' }]);
  });

  test.each([
    ['loops of nothing', 'foreach ($a in 1..60000) { foreach ($b in 1..60000) { } }'],
    ['pipelines of nothing', '1..60000 | % { 1..60000 | % { } }'],
    ['a list that grows one by one', '$a = @()\nforeach ($i in 1..60000) { $a += $i }'],
    ['many ranges', `$a = ${'1..60000,'.repeat(100)}1`],
  ])('%s are cut off', (_, script) => {
    expect(run(script).problems).toMatchObject([{ code: 'limitExceeded' }]);
  });

  test.each([
    ['text', '$a = "x"', '$a += $a', /longer than/],
    ['a list', '$a = 1, 2', '$a += $a', /more than \d+ items/],
    ['text in quotes', '$a = "xx"', '$a = "$a$a"', /longer than/],
  ])('%s that doubles is not followed', (_, start, step, why) => {
    const { problems, calls } = run(
      `${start}\nforeach ($i in 1..40) { ${step} }\n${ROUTE} -NextHop $a`,
    );
    expect(problems).toEqual([]);
    expect(calls[0]?.values.get('NextHop')).toMatchObject({
      kind: 'unknown',
      why: expect.stringMatching(why) as unknown,
    });
  });
});
