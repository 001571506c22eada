import type { FastifyInstance } from 'fastify';
import type { Problem } from '../../src/errors.js';
import type { TraceQuery } from '../../src/forwarding/trace-result.js';
import { Vsid } from '../../src/model/vsid.js';
import { TraceAnswerSchema, TraceQuerySchema } from '../answer-schemas.js';
import type { ProviderContext } from '../context.js';
import { refusedDocument } from '../problem.js';
import { answers } from '../route-schemas.js';
import { parseCustomerAddress } from '../translate/addresses.js';
import { readInteger, readText } from '../translate/reading.js';
import { isObject, shapeCheck } from '../translate/shape.js';
import { formatTrace } from '../translate/trace.js';

const hasShape = shapeCheck(TraceQuerySchema);

/** POST /v1/trace (P5) */
export function trace(app: FastifyInstance, context: ProviderContext): void {
  app.post(
    '/v1/trace',
    {
      schema: {
        operationId: 'trace',
        summary: 'Explains what would become of a packet',
        tags: ['trace'],
        body: TraceQuerySchema,
        response: answers(TraceAnswerSchema, [400, 401, 413, 415]),
      },
    },
    async (request) => formatTrace(await context.trace(readQuery(request.body))),
  );
}

/** @throws RefusedError */
function readQuery(document: unknown): TraceQuery {
  const problems: Problem[] = [];
  const shaped = hasShape(document, problems);
  if (!isObject(document)) throw refusedDocument(problems);
  const vsid = readInteger(problems, '/vsid', Vsid, document['vsid']);
  const from = readText(problems, '/from', parseCustomerAddress, document['from']);
  const to = readText(problems, '/to', parseCustomerAddress, document['to']);
  if (!shaped || vsid === undefined || from === undefined || to === undefined)
    throw refusedDocument(problems);
  const { protocol, port } = document;
  return {
    vsid,
    from,
    to,
    ...(protocol !== undefined && { protocol }),
    ...(port !== undefined && { port }),
  };
}
