import { describe, expect, it } from 'vitest';
import { createProgramFindings } from '../../fuzz/program-findings.js';

const report = { cases: 1000, seconds: 1, regressions: [{ name: 'kept' }] };
const finding = { index: 7, what: 'heap-buffer-overflow', by: 'sanitizer' } as const;

function linesOf(fill: (findings: ReturnType<typeof createProgramFindings>) => void): string[] {
  const findings = createProgramFindings();
  fill(findings);
  return findings.lines();
}

describe('findings of verifier and sanitizers', () => {
  it('are not reported where neither has looked', () => {
    expect(linesOf(() => undefined)).toEqual([]);
  });

  it('are the verifier’s alone where no sanitizer ran', () => {
    expect(linesOf((findings) => findings.add('inKernel', report))).toEqual([
      expect.stringMatching(/^verifier findings 0 \(Linux \S+, loads: 1\)$/),
    ]);
  });

  it('are those of past findings and of new cases', () => {
    expect(
      linesOf((findings) => {
        findings.add('inKernel', report);
        findings.add('underSanitizers', {
          ...{ ...report, finding },
          regressions: [{ name: 'kept', fault: 'again', by: 'sanitizer' }],
        });
      }),
    ).toEqual([
      expect.stringMatching(/^verifier findings 0 \(Linux \S+, loads: 2\)$/),
      'sanitizer findings 2 (packets: 1001)',
    ]);
  });

  it('are the verifier’s where the kernel took no program', () => {
    const refused = { index: 0, what: 'The kernel refused it', by: 'verifier' } as const;
    expect(
      linesOf((findings) =>
        findings.add('underSanitizers', {
          ...{ cases: 0, seconds: 0, regressions: [], finding: refused },
        }),
      ),
    ).toEqual([expect.stringMatching(/^verifier findings 1 \(/)]);
  });
});
