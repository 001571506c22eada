import { createHash, timingSafeEqual } from 'node:crypto';
import type { onRequestHookHandler } from 'fastify';
import { NvgateError } from '../src/errors.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The call needs no token: health checks and the API's description. */
    open?: boolean;
  }
}

/** Lets in calls that carry the bearer token (RFC 6750), and those of open routes. */
export function requireToken(token: string): onRequestHookHandler {
  const wanted = digest(token);
  return (request, _reply, done) => {
    if (request.routeOptions.config.open === true) {
      done();
      return;
    }
    const [, given] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
    // Digests have one length, so that the comparison takes the same time for every token.
    if (given !== undefined && timingSafeEqual(digest(given), wanted)) done();
    else
      done(
        new NvgateError(
          'unauthorized',
          'Send the header "Authorization: Bearer TOKEN"; the token is in the file "token" of the state directory.',
        ),
      );
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
