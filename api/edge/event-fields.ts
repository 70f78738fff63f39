/** Events of the feed, as they are read and as they are sent. */
import * as z from 'zod';
import {
  FEED_EVENT_TYPES,
  type FeedEventType,
  feedEventData,
  refusedTypes,
  SELLER_EVENT_TYPES,
} from '../../core/event-feed/rules/feed-events.js';
import { MagamError } from '../../kernel/errors.js';
import { id, moment } from './fields.js';

export const eventType = z.enum(FEED_EVENT_TYPES as [FeedEventType, ...FeedEventType[]]);

const ofType = (type: FeedEventType) =>
  z
    .object({
      id: id.meta({ description: 'Its place in the feed; later events have greater ones.' }),
      type: z.literal(type),
      happenedAt: moment,
      data: feedEventData[type],
    })
    .meta({ id: `Event.${type}` });

export const eventSchema = z.union(FEED_EVENT_TYPES.map(ofType));

/** Throws EVENT_TYPE_REFUSED when a seller names a type that sellers do not get. */
export function requireTypes(types: readonly FeedEventType[], sellerId: string | null): void {
  const refused = refusedTypes(types, sellerId);
  if (refused.length > 0)
    throw new MagamError('EVENT_TYPE_REFUSED', undefined, { refused, possible: SELLER_EVENT_TYPES });
}
