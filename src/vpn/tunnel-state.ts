import { formatIp, type IpAddress } from '../net/ip.js';
import type { TunnelError, TunnelState } from './port.js';

/** What has been seen of a tunnel. */
export type Observation =
  /** Wanted, or wanted otherwise than before. */
  | { readonly kind: 'begun' }
  | { readonly kind: 'up'; readonly device: string; readonly peerAddress?: IpAddress }
  /** Not up (any more); `error` where it did not end in order. */
  | { readonly kind: 'down'; readonly error?: TunnelError }
  /** A try has failed, by us or by the peer; says nothing of another that stands. */
  | { readonly kind: 'tried'; readonly error: TunnelError };

/**
 * The state of a tunnel after an observation; the same object where nothing has changed. A tunnel
 * that is tried again stays `failed` or `disconnected` until it is up.
 */
export function nextState(
  state: TunnelState | undefined,
  observation: Observation,
  now: Date,
): TunnelState {
  const lastError = state?.lastError === undefined ? {} : { lastError: state.lastError };
  switch (observation.kind) {
    case 'begun':
      return { phase: 'connecting', since: now };
    case 'up': {
      const { device, peerAddress } = observation;
      const since = state?.phase === 'connected' ? state.since : now;
      const up: TunnelState = {
        ...{ phase: 'connected', since, ...lastError, device },
        ...(peerAddress === undefined ? {} : { peerAddress }),
      };
      return state !== undefined && sameState(state, up) ? state : up;
    }
    case 'down':
      if (observation.error !== undefined) return failed(state, observation.error, now);
      if (state === undefined) return { phase: 'connecting', since: now };
      return state.phase === 'connected'
        ? { phase: 'disconnected', since: now, ...lastError }
        : state;
    case 'tried':
      return state?.phase === 'connected'
        ? { ...state, lastError: observation.error }
        : failed(state, observation.error, now);
  }
}

function failed(state: TunnelState | undefined, error: TunnelError, now: Date): TunnelState {
  const since = state?.phase === 'failed' ? state.since : now;
  return { phase: 'failed', since, lastError: error };
}

/** Whether there is nothing to tell: the same failure a second time is no news. */
export function sameState(a: TunnelState, b: TunnelState): boolean {
  return (
    a.phase === b.phase &&
    a.device === b.device &&
    textOf(a.peerAddress) === textOf(b.peerAddress) &&
    a.lastError?.cause === b.lastError?.cause &&
    a.lastError?.message === b.lastError?.message
  );
}

function textOf(address: IpAddress | undefined): string {
  return address === undefined ? '' : formatIp(address);
}
