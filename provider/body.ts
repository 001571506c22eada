import { errorCodes, type FastifyInstance } from 'fastify';
import { NvgateError } from '../src/errors.js';
import { jsonMistake } from './json-mistake.js';
import { changesReader, type Devices, type TranslatedChanges } from './translate/index.js';

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

/** The body of a request that came as lines. */
export class ChangeLines {
  constructor(readonly translated: TranslatedChanges) {}
}

/**
 * Reads changes as NDJSON, one a line, while they arrive: the body becomes `ChangeLines`. A line
 * that is not JSON keeps its place, so that it is reported together with all other errors.
 */
export function acceptChangeLines(app: FastifyInstance, devices: Devices): void {
  app.addContentTypeParser('application/x-ndjson', async (_request: unknown, body: unknown) => {
    const reader = changesReader(devices);
    let number = 0;
    for await (const lines of linesOf(body as AsyncIterable<Buffer>, POLICY_BODY_LIMIT))
      for (const line of lines) {
        number += 1;
        let item: unknown;
        try {
          item = JSON.parse(line);
        } catch (error) {
          reader.addUnreadable(`Line ${number} is not JSON: ${jsonMistake(error, line)}.`);
          continue;
        }
        reader.add(item);
      }
    return new ChangeLines(reader.read());
  });
}

/** The lines of each chunk: no more than the stream has in its buffer, so others have their turn. */
async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  limit: number,
): AsyncGenerator<readonly string[], void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > limit) throw new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield [rest];
}
