import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { generate } from 'selfsigned';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** A string goes out as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Sends the status and headers but never ends the answer. */
  readonly hang?: boolean;
  /** Ends a connection that has had an answer already, as one that was idle for too long. */
  readonly freshConnection?: boolean;
}

/** A server that answers what it is told and remembers what it was asked. */
export interface ScriptedGateway {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** `METHOD path` -> answer; what is not there is answered 404. */
  readonly answers: Map<string, Answer>;
  close(): Promise<void>;
}

export async function startScriptedGateway(tls?: TestCertificate): Promise<ScriptedGateway> {
  const seen: SeenRequest[] = [];
  const answers = new Map<string, Answer>();
  const used = new WeakSet<Socket>();
  const respond: http.RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      const answer = answers.get(`${method} ${url}`) ?? notFound(url);
      if (answer.freshConnection === true && used.has(request.socket)) {
        request.socket.destroy();
        return;
      }
      used.add(request.socket);
      const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
      response.writeHead(answer.status ?? 200, {
        'content-type': 'application/json',
        ...answer.headers,
      });
      response.write(text);
      if (answer.hang !== true) response.end();
    });
  };
  const server = tls === undefined ? http.createServer(respond) : https.createServer(tls, respond);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    seen,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function problem(status: number, code: string, extra: object = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8' },
    body: { type: 'about:blank', title: code, status, code, detail: `About ${code}.`, ...extra },
  };
}

function notFound(url: string): Answer {
  return problem(404, 'notFound', { detail: `There is no ${url}.` });
}

export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

/** For a name that 127.0.0.1 is not. */
export async function makeCertificate(name: string): Promise<TestCertificate> {
  const pems = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
  });
  return { key: pems.private, cert: pems.cert };
}
