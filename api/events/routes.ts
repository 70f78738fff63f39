/** The event feed: events in order, for other systems. */
import * as z from 'zod';
import { numberEvents } from '../../core/event-feed/number-events.js';
import { type FeedEvent, type FeedReader, readBounds, readEvents } from '../../core/event-feed/stores/feed-event.js';
import type { Db } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import type { ApiContext } from '../context.js';
import { callersThatStand } from '../edge/authenticate.js';
import { pageQuery } from '../edge/cursor.js';
import { eventSchema, eventType, requireTypes } from '../edge/event-fields.js';
import { ownSeller } from '../edge/own-seller.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { EventWatch } from './event-watch.js';

const WAITING = { ofAll: 200, ofAccount: 5, ofSeller: 10 };
const WAIT_SECONDS_MAX = 30;

const querySchema = z.strictObject({
  after: z
    .string()
    .regex(/^(0|[1-9]\d{0,14})$/, 'must be the id of an event, or 0')
    .transform(Number)
    .optional()
    .meta({
      description:
        'Only events after this id: the `after` of the answer before. Absent or 0: from the oldest event that is kept.',
      type: 'integer',
      minimum: 0,
    }),
  limit: pageQuery.limit,
  types: z
    .string()
    .max(1_000)
    .transform((list) => list.split(','))
    .pipe(z.array(eventType).min(1))
    .optional()
    .meta({
      description: 'Only events of these types, separated by commas; default: all.',
      type: 'string',
      example: 'run.completed,certificate.written',
    }),
  wait: z
    .string()
    .regex(/^([0-9]|[12][0-9]|30)$/, `must be a whole number from 0 to ${WAIT_SECONDS_MAX}`)
    .transform(Number)
    .default(0)
    .meta({
      description: 'Seconds for which the call waits while there is no event.',
      type: 'integer',
      minimum: 0,
      maximum: WAIT_SECONDS_MAX,
      default: 0,
    }),
});

const answerSchema = z
  .object({
    items: z.array(eventSchema),
    after: z.number().int().min(0).meta({
      description: 'The `after` of the next call: every event up to it was shown or does not match the query.',
    }),
    more: z.boolean().meta({ description: 'There may be more events already.' }),
  })
  .meta({ id: 'EventPage' });

interface Page {
  readonly items: readonly FeedEvent[];
  readonly after: number;
  readonly more: boolean;
}

/** The events after an id. Throws EVENTS_GONE and EVENT_ID_UNKNOWN. */
async function readPage(db: Db, reader: FeedReader, after: number, limit: number): Promise<Page> {
  await numberEvents(db);
  const { last } = await readBounds(db); // read before the events: all events up to it can be seen
  if (after > last) throw new MagamError('EVENT_ID_UNKNOWN', undefined, { lastId: last });
  const items = await readEvents(db, reader, after, limit);
  const { purgedThrough } = await readBounds(db); // read after them: events that were deleted meanwhile are missing among them
  if (after > 0 && after < purgedThrough)
    throw new MagamError('EVENTS_GONE', undefined, { oldestId: purgedThrough + 1 });
  const more = items.length === limit;
  const shown = items.at(-1)?.id ?? after;
  return { items, after: more ? shown : Math.max(shown, last), more };
}

const readFeed = ({ db, draining }: ApiContext, watch: EventWatch): Route => {
  const stand = callersThatStand(db);
  return route({
    method: 'get',
    path: '/v1/events',
    operationId: 'listEvents',
    tag: 'Events',
    summary: 'Read the event feed',
    description:
      'Events of runs, imports and certificates, in order. Ids only grow, and no event ever appears before one that was read, so a reader that keeps the `after` of the last answer ' +
      'misses nothing and reads nothing twice. A seller gets the events of dates on which something of the business was settled.',
    permission: 'event.read',
    query: querySchema,
    answer: { status: 200, description: 'The next events; the list may be empty.', schema: answerSchema },
    refusals: ['EVENT_ID_UNKNOWN', 'EVENT_TYPE_REFUSED', 'EVENTS_GONE', 'STREAMS_EXHAUSTED'],
    handle: async ({ query: { after: asked = 0, limit, types = [], wait }, own, signedIn, request }) => {
      const reader = { sellerId: ownSeller(own), types };
      requireTypes(types, reader.sellerId);
      const endsAt = performance.now() + wait * 1_000;
      let page = await readPage(db, reader, asked, limit);
      const gone = new AbortController();
      request.res?.on('close', () => gone.abort());
      const signal = AbortSignal.any([gone.signal, draining]);
      for (;;) {
        const leftMs = endsAt - performance.now();
        if (page.items.length > 0 || leftMs <= 0 || signal.aborted) return ok(page as z.input<typeof answerSchema>);
        await watch.wait(signedIn, page.after, leftMs, signal);
        if (!(await stand([signedIn])).has(signedIn)) throw new MagamError('TOKEN_INVALID'); // the caller was signed out, locked or revoked meanwhile
        page = await readPage(db, reader, page.after, limit);
      }
    },
  });
};

export const eventRoutes = (context: ApiContext): Route[] => {
  const { db } = context;
  const watch = new EventWatch(async () => {
    await numberEvents(db);
    return (await readBounds(db)).last;
  }, WAITING);
  return [readFeed(context, watch)];
};
