/** One server-sent event (WHATWG HTML section 9.2). */
export interface ServerSentEvent {
  /** `message` where the server names none. */
  readonly event: string;
  readonly id?: string;
  readonly data: string;
}

/**
 * Reads `text/event-stream`. Events without data and comments (heartbeats) are passed over; an
 * event that the stream's end cuts off is dropped.
 */
export async function* readEventStream(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let fields = new Map<string, string>();
  for await (const line of linesOf(chunks)) {
    if (line === '') {
      const event = eventOf(fields);
      fields = new Map();
      if (event !== undefined) yield event;
      continue;
    }
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    const before = fields.get(name);
    fields.set(name, name === 'data' && before !== undefined ? `${before}\n${value}` : value);
  }
}

function eventOf(fields: ReadonlyMap<string, string>): ServerSentEvent | undefined {
  const data = fields.get('data');
  if (data === undefined) return undefined;
  const id = fields.get('id');
  return { event: fields.get('event') ?? 'message', data, ...(id === undefined ? {} : { id }) };
}

async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    // A lone CR at the end may be the first half of CR LF: it waits for the next chunk.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
