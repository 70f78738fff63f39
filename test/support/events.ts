/** A reader of server-sent events. */
import type { CallAnswer } from './api.js';

export interface ServerEvent {
  readonly event: string;
  readonly id: string;
  readonly data: CallAnswer['body'];
}

export interface EventStream {
  readonly headers: Headers;
  /** The next event; comments and `retry:` alone are passed over. Throws when the stream ends without one. */
  readonly next: () => Promise<ServerEvent>;
  /** Reads on to the first event that is wanted. */
  readonly find: (wanted: (event: ServerEvent) => boolean) => Promise<ServerEvent>;
  /** All events to the end of the stream. */
  readonly rest: () => Promise<ServerEvent[]>;
  readonly close: () => void;
}

export async function openEvents(url: string, path: string, token: string, lastEventId?: string): Promise<EventStream> {
  const abort = new AbortController();
  const response = await fetch(`${url}${path}`, {
    signal: abort.signal,
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
    },
  });
  if (response.status !== 200 || response.body === null) throw new Error(`${path} answered ${response.status}`);
  const events = eventsOf(response.body);
  const next = async (): Promise<ServerEvent> => {
    const { done, value } = await events.next();
    if (done === true) throw new Error('the stream has ended');
    return value;
  };
  return {
    headers: response.headers,
    next,
    find: async (wanted) => {
      for (;;) {
        const event = await next();
        if (wanted(event)) return event;
      }
    },
    rest: async () => {
      const all: ServerEvent[] = [];
      for await (const event of events) all.push(event);
      return all;
    },
    close: () => abort.abort(),
  };
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      const data = fields.get('data');
      if (data === undefined) continue;
      yield { event: fields.get('event') ?? 'message', id: fields.get('id') ?? '', data: JSON.parse(data) };
    }
  }
}
