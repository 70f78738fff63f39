/**
 * What the event feed tells to other systems: each type with what it says. The names are for ever: receivers branch on them. A new type is an entry of the
 * list, a row of docs/integrating.md, and a call of `recordFeedEvents` where it happens.
 */
import * as z from 'zod';

const id = z.number().int().positive();
const date = z.string().meta({ format: 'date', example: '2026-06-30' });
const generation = z.number().int().positive().meta({ description: '1, and one more with each supplement.' });
const run = { runId: id, date, generation };
const sellerId = z.string();
/** An amount of an event. Receivers read numbers of JSON as doubles, so an amount that they would round is left out. */
const minor = z.number().int().nullable().meta({
  description:
    'Minor units, positive where the platform owes the seller; null beyond 2^53 - 1, where the statement or the payout itself shows it.',
});

/** An amount as events carry it: exact, or null. */
export const eventMinor = (amountMinor: bigint): number | null => {
  const value = Number(amountMinor);
  return Number.isSafeInteger(value) ? value : null;
};

const failure = { code: z.string().meta({ description: 'A code of the error registry.' }), message: z.string() };
const importId = id.nullable().meta({ description: 'Its id over HTTP; null: it was made at the command line.' });
const feedImportId = id.meta({ description: 'The number under which the feed has it, and `magam imports` shows it.' });
const file = { kind: z.enum(['lines', 'refunds']), source: z.string().meta({ description: 'The name of the file.' }) };
const payout = {
  payoutId: id,
  sellerId,
  currency: z.string(),
  amountMinor: minor,
  attempt: id.meta({ description: '1, and one more each time that the payout is tried again.' }),
};

export const feedEventData = {
  'run.begun': z.object(run),
  'run.completed': z.object({ ...run, status: z.enum(['COMPLETED', 'COMPLETED_WITH_EXCEPTIONS']) }),
  'run.failed': z.object({ ...run, ...failure }),
  'run.stopped': z.object(run),
  'run.discarded': z.object({
    ...run,
    lines: z.number().int().meta({ description: 'Settled lines that were removed.' }),
  }),
  'import.completed': z.object({
    importId,
    feedImportId,
    ...file,
    imported: z.number().int().meta({ description: 'Rows that are new in the feed.' }),
    unchanged: z.number().int(),
    rejected: z.number().int(),
  }),
  'import.failed': z.object({ importId, ...file, ...failure }),
  'import.withdrawn': z.object({ feedImportId, ...file }),
  'certificate.written': z.object({
    date,
    generation,
    sequence: id.meta({ description: 'Its number in the order in which certificates were written.' }),
    hash: z.string(),
    signed: z.boolean(),
  }),
  'settlement.closed': z.object({ date, generation }),
  'statement.issued': z.object({
    statementId: id,
    sellerId,
    currency: z.string(),
    number: id.meta({ description: '1, 2, 3 … of the seller and currency.' }),
    periodFrom: date,
    closesOn: date.meta({ description: 'The last day of the period.' }),
    payoutOn: date,
    openingMinor: minor,
    earnedMinor: minor,
    closingMinor: minor,
    hash: z.string(),
  }),
  'payout.paid': z.object({ ...payout, paidOn: date }),
  'payout.failed': z.object({
    ...payout,
    failedOn: date,
    reason: z
      .string()
      .nullable()
      .meta({ description: 'Why the money did not arrive, or came back: docs/payouts-providers.md has the reasons.' }),
    returned: z.boolean().meta({ description: 'It was paid before, and the money came back.' }),
  }),
} as const;

export type FeedEventType = keyof typeof feedEventData;
export type FeedEventData<Type extends FeedEventType> = z.output<(typeof feedEventData)[Type]>;

export const FEED_EVENT_TYPES = Object.keys(feedEventData) as FeedEventType[];

/** What sellers are told of: dates on which something of theirs was settled, their own statements, and what became of their payouts. */
export const SELLER_EVENT_TYPES: readonly FeedEventType[] = [
  'settlement.closed',
  'statement.issued',
  'payout.paid',
  'payout.failed',
];

/** The types that somebody may not be told of. */
export const refusedTypes = (types: readonly FeedEventType[], sellerId: string | null): FeedEventType[] =>
  sellerId === null ? [] : types.filter((type) => !SELLER_EVENT_TYPES.includes(type));
