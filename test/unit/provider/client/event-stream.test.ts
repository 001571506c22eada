import { collect } from './collect.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readEventStream, type ServerSentEvent } from '../../../../provider/client/event-stream.js';

async function* inPieces(text: string, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  let from = 0;
  for (const to of places) {
    yield await Promise.resolve(bytes.subarray(from, to));
    from = to;
  }
}

const read = (text: string, cuts: readonly number[] = []): Promise<ServerSentEvent[]> =>
  collect(readEventStream(inPieces(text, cuts)));

it('reads event, id and data', async () => {
  expect(await read('event: a\nid: 1\ndata: x\n\ndata:y\n\n')).toEqual([
    { event: 'a', id: '1', data: 'x' },
    { event: 'message', data: 'y' },
  ]);
});

it('joins data lines', async () => {
  expect(await read('data: a\ndata\ndata: b\n\n')).toEqual([{ event: 'message', data: 'a\n\nb' }]);
});

it('passes over comments, events without data and what is cut off', async () => {
  expect(await read(': heartbeat\n\nevent: a\n\ndata: lost\n')).toEqual([]);
});

it('reads the same however the network cuts the stream, with every line end', async () => {
  const text = 'id: 7\ndata: {"名": 1}\n\n: x\nevent: b\ndata: 2\ndata: 3\n\n';
  const expected = await read(text);
  expect(expected).toHaveLength(2);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.array(fc.nat(200), { maxLength: 20 }),
      async (end, cuts) => {
        expect(await read(`${text.replaceAll('\n', end)}:\n`, cuts)).toEqual(expected);
      },
    ),
  );
});
