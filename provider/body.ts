import { errorCodes, type FastifyInstance } from 'fastify';
import { NvgateError } from '../src/errors.js';
import { jsonMistake } from './json-mistake.js';
import { UnreadableLine } from './translate/index.js';

/** Room for a policy of 10^6 records, and below the longest string that V8 can hold. */
export const POLICY_BODY_LIMIT = 500 * 1024 * 1024;
/** Room for any single object but a routing domain. */
export const OBJECT_BODY_LIMIT = 1024 * 1024;

/** Reads JSON bodies; one that is not JSON is refused with the place of the mistake. */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request, body, done) => {
      try {
        // Some clients name a content type where there is nothing to send.
        done(null, body === '' && request.method === 'DELETE' ? undefined : parseJson(body));
      } catch (error) {
        done(error as NvgateError);
      }
    },
  );
}

function parseJson(body: string): unknown {
  if (body.trim() === '')
    throw new NvgateError('malformedRequest', 'The body is empty. Send a JSON document.');
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new NvgateError('malformedRequest', `The body is not JSON: ${jsonMistake(error, body)}.`);
  }
}

/**
 * Reads changes as NDJSON, one a line, while they arrive: the body becomes a `ChangesDocument`. A
 * line that is not JSON keeps its place, so that it is reported together with all other errors.
 */
export function acceptChangeLines(app: FastifyInstance): void {
  app.addContentTypeParser('application/x-ndjson', async (_request: unknown, body: unknown) => {
    const changes: unknown[] = [];
    for await (const line of linesOf(body as AsyncIterable<Buffer>, POLICY_BODY_LIMIT))
      changes.push(parseLine(line, changes.length + 1));
    return { changes };
  });
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    return new UnreadableLine(`Line ${number} is not JSON: ${jsonMistake(error, line)}.`);
  }
}

async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  limit: number,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > limit) throw new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
