import { ERROR_CODES } from '../../../src/errors.js';
import {
  examplePolicy,
  startHarness,
  type Answer,
  type Harness,
} from '../../unit/provider/harness.js';
import { OFFICE } from '../../unit/provider/remote-documents.js';
import { caseChoices } from '../case-choices.js';
import { readCorpus } from '../corpus.js';
import type { FuzzTarget, OpenTarget, Outcome } from '../target.js';
import { generateCall, type Call } from './calls.js';
import type { Json } from './json-damage.js';

/** A right policy with connections of several types. */
function startPolicy(): Json {
  const policy = examplePolicy();
  const office = { ...OFFICE.ikev2, sourceAddress: '203.0.113.20' };
  const [blue] = policy.routingDomains ?? [];
  blue?.connections?.push(structuredClone(office) as unknown as (typeof blue.connections)[number]);
  return JSON.parse(JSON.stringify(policy)) as Json;
}

/**
 * Calls of the provider API over a real policy service: each is answered, a refusal is a problem
 * document that says why and leaves the policy as it was, and what was accepted can be read and pushed
 * again.
 */
export const apiTarget: FuzzTarget = {
  name: 'api',
  ...{ share: 2, casesPerMark: 1 },
  open: async (seed) => openApi(seed, await startHarness()),
};

async function openApi(seed: number, api: Harness): Promise<OpenTarget> {
  const document = startPolicy();
  // Whoever waits for the kernel is answered at once.
  api.status.reach(Number.MAX_SAFE_INTEGER);
  const reset = async (): Promise<void> => {
    const answer = await api.call('PUT', '/v1/policy', { body: document });
    if (answer.status !== 200) throw new Error(`the policy to start from: ${answer.text}`);
    api.logged.length = 0;
  };
  await reset();
  const faultOf = async (call: Call): Promise<string | undefined> => {
    const before = api.policy.current().revision;
    const fault = await faultOfCall(api, call);
    if (fault !== undefined || api.policy.current().revision !== before) await reset();
    return fault;
  };
  return {
    regressions: readCorpus<{ name: string; call: Call }>('api').map(({ name, call }) => ({
      name,
      run: () => faultOf(call),
    })),
    async run(index): Promise<Outcome> {
      const call = generateCall(caseChoices(seed, index), document);
      const what = await faultOf(call);
      return what === undefined ? undefined : { index, what: `${what}\n${JSON.stringify(call)}` };
    },
    finish: () => undefined,
    close: () => api.app.close(),
  };
}

async function faultOfCall(api: Harness, call: Call): Promise<string | undefined> {
  const before = api.policy.current().revision;
  const answer = await api.call(call.method, call.url, call);
  const after = api.policy.current().revision;
  if (answer.status >= 500) return `${answer.status}: ${answer.text}\n${api.logged.join('')}`;
  if (answer.status >= 400)
    return after === before
      ? faultOfProblem(answer)
      : `Refused with ${answer.status}, but the revision went from ${before} to ${after}.`;
  if (call.method === 'GET') return undefined;
  if (after !== before + 1)
    return `Accepted with ${answer.status}, but the revision went from ${before} to ${after}.`;
  return faultOfReadBack(api);
}

function faultOfProblem(answer: Answer): string | undefined {
  if (answer.headers['content-type'] !== 'application/problem+json; charset=utf-8')
    return `The refusal is ${String(answer.headers['content-type'])}: ${answer.text}`;
  const problem = answer.json as Record<string, unknown>;
  const isKnown = Object.hasOwn(ERROR_CODES, String(problem['code']));
  if (!isKnown || problem['status'] !== answer.status || String(problem['detail']) === '')
    return `The refusal is no problem document: ${answer.text}`;
  const errors = (problem['errors'] ?? []) as Record<string, unknown>[];
  for (const { path, code, message } of errors) {
    const isPlace = typeof path === 'string' && (path === '' || path.startsWith('/'));
    if (!isPlace || !Object.hasOwn(ERROR_CODES, String(code)) || String(message) === '')
      return `An error of the refusal says not where or what: ${JSON.stringify({ path, code, message })}`;
  }
  return undefined;
}

/** What was accepted comes back as a document that is accepted too, and means the same. */
async function faultOfReadBack(api: Harness): Promise<string | undefined> {
  const read = await api.call('GET', '/v1/policy');
  if (read.status !== 200) return `GET /v1/policy: ${read.status} ${read.text}`;
  const pushed = await api.call('PUT', '/v1/policy', { body: read.json });
  if (pushed.status !== 200) return `What was read is refused: ${pushed.text}\n${read.text}`;
  const again = await api.call('GET', '/v1/policy');
  return again.text === read.text
    ? undefined
    : `What was read and pushed reads differently:\n${read.text}\n${again.text}`;
}
