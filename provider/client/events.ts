import { readEventStream } from './event-stream.js';
import type { GatewayEvent } from './responses.js';
import { brokenOff, type Transport } from './transport.js';

export interface EventsOptions {
  readonly signal?: AbortSignal;
  /** Ends the events after so many milliseconds without one. */
  readonly quiet?: number;
}

/** The gateway's events, in their order. Ends without error by the signal and by `quiet`. */
export async function* followEvents(
  transport: Transport,
  { signal, quiet }: EventsOptions = {},
): AsyncGenerator<GatewayEvent, void, undefined> {
  let timer: NodeJS.Timeout | undefined;
  const pause = new AbortController();
  const stop = signal === undefined ? pause.signal : AbortSignal.any([signal, pause.signal]);
  try {
    const response = await transport.open({
      method: 'GET',
      path: '/v1/events',
      headers: { accept: 'text/event-stream' },
      // Hours may pass between two events.
      patience: Infinity,
      signal: stop,
    });
    if (quiet !== undefined) timer = setTimeout(() => pause.abort(), quiet);
    for await (const { event, id, data } of readEventStream(response)) {
      timer?.refresh();
      yield { type: event, ...(id === undefined ? {} : { id }), data: JSON.parse(data) as unknown };
    }
  } catch (error) {
    // The timer ended the answer, or the caller's signal did.
    if (!stop.aborted) throw brokenOff(error);
  } finally {
    clearTimeout(timer);
  }
}
