import type { EventSource, GatewayEvent } from '../../provider/context.js';
import type { ReconcileEvent } from '../reconcile/events.js';

/** Hands events of the gateway to whoever listens to the provider API. */
export interface EventHub extends EventSource {
  emit(event: GatewayEvent): void;
}

export function createEventHub(): EventHub {
  const listeners = new Set<(event: GatewayEvent) => void>();
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
  };
}

/** What the API says of an event of the reconcile loop; undefined for what it does not tell. */
export function gatewayEvent(event: ReconcileEvent): GatewayEvent {
  switch (event.type) {
    case 'synchronized':
      return { type: 'synchronized', revision: event.revision };
    case 'failed':
      return {
        type: 'failure',
        ...(event.owner === undefined ? {} : { ref: event.owner }),
        reason: event.reason,
      };
    case 'recovered':
      return { type: 'recovered', ref: event.owner };
    case 'repaired':
      return { type: 'repaired', count: event.count, objects: event.objects };
  }
}
