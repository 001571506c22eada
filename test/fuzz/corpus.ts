import { readFileSync } from 'node:fs';

/** The past findings of one kind, in test/fixtures/fuzz; each has its recipe beside it. */
export function readCorpus<Kept extends { readonly name: string }>(
  kind: 'packets' | 'vici' | 'powershell' | 'api',
): Kept[] {
  const file = readFixture(`fuzz/${kind}.json`);
  return (JSON.parse(file) as { readonly cases: Kept[] }).cases;
}

/** A file below test/fixtures. The tests run in the project's directory. */
export function readFixture(path: string): string {
  return readFileSync(`test/fixtures/${path}`, 'utf8');
}
