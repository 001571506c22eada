import type { FastifyInstance } from 'fastify';
import { NvgateError } from '../src/errors.js';

export interface ListenOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** An API that answers calls. */
export interface RunningServer {
  /** As the system gave it: the port where `port` was 0. */
  readonly port: number;
  /** Ends open calls and event streams; resolves when all are gone. */
  close(): Promise<void>;
}

/**
 * Opens the provider API to the network.
 * @throws NvgateError `configInvalid` when the address cannot be listened on
 */
export async function startServer(
  app: FastifyInstance,
  { host, port }: ListenOptions,
): Promise<RunningServer> {
  try {
    await app.listen({
      host,
      port,
      listenTextResolver: (address) =>
        `The provider API listens on ${address.replace(/^\w+:\/\//, '')}`,
    });
  } catch (error) {
    const reason = REASONS[errorCode(error)];
    if (reason === undefined) throw error;
    throw new NvgateError(
      'configInvalid',
      `The provider API cannot listen on ${host} port ${port}: ${reason}. Change api.host or api.port in the configuration.`,
      { cause: error },
    );
  }
  const address = app.server.address();
  const given = typeof address === 'object' && address !== null ? address.port : port;
  return { port: given, close: () => app.close() };
}

const REASONS: Readonly<Partial<Record<string, string>>> = {
  EADDRINUSE: 'something listens there already',
  EADDRNOTAVAIL: 'no device has that address',
  EACCES: 'the process may not use that port',
  ENOTFOUND: 'the name has no address',
};

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
