import { X509Certificate } from 'node:crypto';
import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { messageOf, NvgateError } from '../../src/errors.js';
import { problemOf } from './problem-error.js';

export interface TransportOptions {
  /** https://host:port, or http:// for a loopback listener without TLS. */
  readonly url: string;
  readonly token: string;
  /** PEM certificates to trust: the gateway's own, or that of its issuer; the system's if absent. */
  readonly ca?: string;
  /** Milliseconds without a byte from the gateway after which a call fails. */
  readonly timeout: number;
}

export interface Call {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly signal?: AbortSignal;
  /** Milliseconds that the gateway may be silent beyond `timeout`; Infinity for no end. */
  readonly patience?: number;
}

export type Body =
  | { readonly json: unknown }
  /** Sent as it comes, one JSON document a line. */
  | { readonly lines: Iterable<unknown> | AsyncIterable<unknown> };

/** One connection pool to one gateway. */
export interface Transport {
  /**
   * The answer, its body unread.
   * @throws ApiProblemError for status 400 and above; NvgateError `gatewayUnreachable`
   */
  open(call: Call): Promise<IncomingMessage>;
  close(): void;
}

/** @throws NvgateError `invalidValue` when the URL cannot be used */
export function createTransport(options: TransportOptions): Transport {
  const base = parseBase(options.url);
  const secure = base.protocol === 'https:';
  const agent = secure
    ? new https.Agent({ keepAlive: true, ...trust(options.ca) })
    : new http.Agent({ keepAlive: true });

  const open = async (call: Call): Promise<IncomingMessage> => {
    const response = await send(call);
    if ((response.statusCode ?? 0) < 400) return response;
    const body = await readText(response);
    throw problemOf(response.statusCode ?? 0, response.headers['content-type'] ?? '', body);
  };

  const send = (call: Call): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const silence = options.timeout + (call.patience ?? 0);
      const requestOptions: RequestOptions = {
        agent,
        method: call.method,
        headers: {
          accept: 'application/json, application/problem+json',
          authorization: `Bearer ${options.token}`,
          ...contentType(call.body),
          ...call.headers,
        },
        ...(silence === Infinity ? {} : { timeout: silence }),
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      };
      const target = new URL(call.path, base);
      const request = (secure ? https : http).request(target, requestOptions);
      let bodyError: Error | undefined;
      request.on('response', resolve);
      request.on('error', (error) => {
        if (bodyError !== undefined) reject(bodyError);
        else if (call.signal?.aborted === true) reject(error);
        else if (request.reusedSocket && isReset(error) && canBeSentAgain(call))
          resolve(send(call));
        else reject(unreachable(base, error));
      });
      request.on('timeout', () => {
        request.destroy(new Error(`no answer for ${silence / 1000} seconds`));
      });
      if (call.body === undefined) request.end();
      else if ('json' in call.body) request.end(JSON.stringify(call.body.json));
      else {
        const chunks = chunksOf(call.body.lines, (error) => (bodyError = error));
        // Its errors come as 'error' of the request; a gateway that refuses early stops reading.
        pipeline(Readable.from(chunks), request).catch(() => undefined);
      }
    });

  return { open, close: () => agent.destroy() };
}

/** Reads an answer to its end. */
export async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw brokenOff(error);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The error for an answer that ended in the middle; errors that say more already stay as they are. */
export function brokenOff(error: unknown): NvgateError {
  if (error instanceof NvgateError) return error;
  return new NvgateError('gatewayUnreachable', `The answer broke off: ${messageOf(error)}.`, {
    cause: error,
  });
}

function parseBase(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base?.protocol !== 'https:' && base?.protocol !== 'http:')
    throw new NvgateError(
      'invalidValue',
      `"${url}" is not the URL of a gateway. Write it like https://127.0.0.1:7637.`,
    );
  return base;
}

/**
 * A certificate that is itself in `ca` is trusted under any name: who has been given the gateway's
 * own certificate knows the gateway better than by its name.
 */
function trust(ca: string | undefined): https.AgentOptions {
  if (ca === undefined) return {};
  const certificates = ca.match(PEM_CERTIFICATE) ?? [];
  if (certificates.length === 0)
    throw new NvgateError(
      'invalidValue',
      'There is no PEM certificate to trust in what was given.',
    );
  const pinned = certificates.map((pem) => new X509Certificate(pem).fingerprint256);
  return {
    ca: certificates,
    // So that a certificate that somebody else has issued can stand for itself.
    allowPartialTrustChain: true,
    checkServerIdentity: (host: string, certificate: PeerCertificate) =>
      pinned.includes(certificate.fingerprint256)
        ? undefined
        : checkServerIdentity(host, certificate),
  };
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function contentType(body: Body | undefined): Record<string, string> {
  if (body === undefined) return {};
  return { 'content-type': 'json' in body ? 'application/json' : 'application/x-ndjson' };
}

function isReset(error: Error): boolean {
  return 'code' in error && error.code === 'ECONNRESET';
}

/**
 * A connection that has been idle may end in the moment in which it is used again: no answer then
 * says nothing of the gateway. Lines have been read by then and cannot be had once more.
 */
function canBeSentAgain({ body }: Call): boolean {
  return body === undefined || 'json' in body;
}

const CHUNK_CHARACTERS = 65_536;

async function* chunksOf(
  lines: Iterable<unknown> | AsyncIterable<unknown>,
  failed: (error: Error) => void,
): AsyncGenerator<string, void, undefined> {
  let chunk = '';
  try {
    for await (const line of lines) {
      chunk += `${JSON.stringify(line)}\n`;
      if (chunk.length < CHUNK_CHARACTERS) continue;
      yield chunk;
      chunk = '';
    }
  } catch (error) {
    failed(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  if (chunk !== '') yield chunk;
}

function unreachable(base: URL, error: Error): NvgateError {
  const code = 'code' in error ? String(error.code) : '';
  const untrusted = /CERT|SELF_SIGNED|ISSUER|SIGNATURE|ALTNAME/.test(code);
  const advice = untrusted
    ? 'Give the certificate of the gateway or of its issuer (--ca).'
    : 'Check that nvgate runs there and that the URL is right.';
  // A connection to a name with several addresses fails with one error that holds one for each.
  const reason = error.message === '' ? code : error.message;
  return new NvgateError(
    'gatewayUnreachable',
    `The gateway at ${base.origin} cannot be reached: ${reason}. ${advice}`,
    { cause: error },
  );
}
