import { readFile, writeFile } from 'node:fs/promises';
import { configJsonSchema } from '../src/config/generate-schema.js';
import { ERROR_CODES } from '../src/errors.js';
import { PEER_PROBLEMS } from '../src/forwarding/peer-problem.js';
import { VERDICTS } from '../src/forwarding/verdict.js';
import { openapiDocument } from '../provider/generate-openapi.js';

/*
 * Writes every generated file of the repository; with --check compares instead and fails when one
 * is stale. Run from the repository's root.
 */

const GENERATED: Record<string, () => string | Promise<string>> = {
  'src/dataplane/bpf/verdict.h': verdictHeader,
  'src/dataplane/bpf/peer_problem_number.h': peerProblemHeader,
  'provider/openapi.json': async () => json(await openapiDocument()),
  'docs/verdicts.md': verdictTable,
  'docs/error-codes.md': errorTable,
  'config/nvgate.schema.json': () => json(configJsonSchema()),
};

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function constantOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function verdictHeader(): string {
  const lines = Object.entries(VERDICTS).map(
    ([name, info]) => `\tVERDICT_${constantOf(name)} = ${info.number}, /* ${info.description} */`,
  );
  return `/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Generated from src/forwarding/verdict.ts by \`npm run generate\`. */
#pragma once

enum verdict {
${lines.join('\n')}
};
`;
}

/** Those that are no verdict as well. */
function peerProblemHeader(): string {
  const lines = Object.entries(PEER_PROBLEMS)
    .filter(([name]) => !(name in VERDICTS))
    .map(
      ([name, info]) =>
        `\tPEER_PROBLEM_${constantOf(name)} = ${info.number}, /* ${info.description} */`,
    );
  return `/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Generated from src/forwarding/peer-problem.ts by \`npm run generate\`. */
#pragma once

/* A packet that is dropped for what it shows has the verdict's number (verdict.h). */
enum peer_problem_number {
${lines.join('\n')}
};
`;
}

function verdictTable(): string {
  const rows = Object.entries(VERDICTS).map(
    ([name, { kind, description }]) => `| \`${name}\` | ${kind} | ${description} |`,
  );
  return `# What can become of a packet

Generated from src/forwarding/verdict.ts by \`npm run generate\`. \`nvgate counters\` and \`/metrics\`
count packets and bytes for each of these and each virtual subnet; VSID 0 stands for packets that
named no virtual subnet of the policy. Bytes are those of the frame as it leaves the packet path.

| verdict | kind | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
}

function errorTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return `# Error codes

Generated from src/errors.ts by \`npm run generate\`. The provider API sends the code as \`code\` of a
problem (RFC 9457), the CLI prints it. Codes are added, never changed.

| code | meaning |
| --- | --- |
${rows.join('\n')}
`;
}

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, make] of Object.entries(GENERATED)) {
  const wanted = await make();
  const found = await readFile(path, 'utf8').catch(() => '');
  if (wanted === found) continue;
  stale.push(path);
  if (!check) await writeFile(path, wanted);
}
if (stale.length > 0) process.stdout.write(`${check ? 'stale' : 'written'}: ${stale.join(', ')}\n`);
if (check && stale.length > 0) {
  process.stderr.write('Run `npm run generate` and commit what it writes.\n');
  process.exitCode = 1;
}
