/** The pure rules: what an event is, when a failed one is tried again, how far a cursor may go. */
import { describe, expect, it } from '@jest/globals';
import { afterFailure, RETRY } from '../../../core/outbox/rules/back-off.js';
import { readEvent } from '../../../core/outbox/rules/events.js';
import { follow } from '../../../core/outbox/rules/follow.js';

describe('an event', () => {
  it('is read with the fields of its payload, and no others', () => {
    const payload = { orderId: 1, sellerId: 'S1', buyerId: 7 };
    expect(readEvent('order.confirmed', { ...payload, password: 'x' })).toEqual({ type: 'order.confirmed', payload });
  });

  it.each([
    ['order.confirmed', { orderId: 1, sellerId: 'S1' }, /buyerId/],
    ['order.confirmed', { orderId: '1', sellerId: 'S1', buyerId: 7 }, /orderId/],
    ['order.confirmed', null, /payload/],
    ['order.vanished', {}, /order.vanished/],
  ])('%s with %j is none', (type, payload, why) => {
    expect(() => readEvent(type, payload)).toThrow(why);
  });
});

describe('after a failure', () => {
  it.each([
    [1, 5_000],
    [2, 10_000],
    [10, 2_560_000],
    [11, 3_600_000],
    [13, 3_600_000],
    [14, 'give-up'],
    [15, 'give-up'],
  ])('number %i comes %j', (attempts, next) => expect(afterFailure(attempts, RETRY)).toBe(next));
});

describe('the cursor', () => {
  const event = (eventId: number, ageMs: number, missing = false) => ({ eventId, ageMs, missing });
  const old = 100_000;

  it.each([
    ['nothing follows', [], [], 5, 0],
    ['all is old and done', [event(6, old), event(9, old)], [], 9, 2],
    ['one is too young', [event(6, old), event(7, 59_999), event(8, old)], [], 6, 1],
    ['the first is missing', [event(6, old, true), event(7, old)], [6], 5, 0],
    ['a later one is missing', [event(6, old), event(7, old, true), event(8, old, true)], [7, 8], 6, 1],
    ['a missing one may still be under way', [event(6, 29_999, true), event(7, 30_000, true)], [7], 5, 0],
  ] as const)('when %s', (_what, page, forgotten, through, passed) => {
    expect(follow(5, page)).toEqual({ forgotten, through, passed });
  });
});
