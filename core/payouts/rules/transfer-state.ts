/** What follows from what a provider says of a transfer. */
import type { TransferFailure } from './transfer-failure.js';

/** OPEN: nobody knows yet whether it is paid. RETURNED: it was paid, and the money came back. */
export const TRANSFER_STATUSES = ['OPEN', 'PAID', 'FAILED', 'RETURNED'] as const;
export type TransferStatus = (typeof TRANSFER_STATUSES)[number];

/** What a provider may say; `away` and `missing` as in providers/provider.ts. */
export type Heard =
  | { readonly outcome: 'sent' | 'unknown' | 'away' | 'missing' }
  | { readonly outcome: 'paid'; readonly paidOn: string }
  | { readonly outcome: 'failed'; readonly reason: TransferFailure };

export type TransferStep =
  /** It is dealt with again after so many ms; null: never. `unsent`: it may be sent then, because it certainly never left. */
  | { readonly step: 'wait'; readonly pauseMs: number | null; readonly unsent?: boolean }
  | { readonly step: 'pay'; readonly paidOn: string; readonly pauseMs: number }
  /** `pauseMs`: when it is looked up again, because it may have come to the provider all the same; null: never. */
  | { readonly step: 'fail'; readonly reason: TransferFailure; readonly pauseMs: number | null }
  /** The provider has it after all. */
  | { readonly step: 'find' }
  | { readonly step: 'return'; readonly reason: TransferFailure };

const FIRST_MS = 5_000;
const LONGEST_MS = 10 * 60_000;
const HOUR_MS = 60 * 60_000;

/** A transfer that the provider does not know after so long has never come there (s). No request is under way for so long: each has its limits. */
export const MISSING_SECONDS = 30 * 60;

/** So often it is dealt with before, because the clock of the database may be set forward while a request is on its way: the pauses take some minutes whatever the clock says. */
export const MISSING_LOOKS = 5;

const DAY_MS = 24 * HOUR_MS;

/**
 * How long a transfer that is over rests before it is looked up again (ms): so that there are looks 1, 3, 7, 15 … days after it was over, and a last one after so many
 * days as the operator has set. Null: there was the last one. What is known of it does not change often, and a transfer costs a dozen looks at most.
 */
function lateMs(looks: number, watchDays: number): number | null {
  const passed = 2 ** looks - 1;
  const days = Math.min(2 ** looks, watchDays - passed);
  return days > 0 ? days * DAY_MS : null;
}

/** The pause after so many looks without a result (ms): 5 s, 10 s, 20 s … 10 min. */
const pauseAfter = (looks: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(looks, 16));

/** What is known of a transfer. */
export interface KnownSoFar {
  readonly status: TransferStatus;
  /** Why it has failed, where it has. */
  readonly failure: TransferFailure | null;
  /** How often it was dealt with since it was made, paid or taken for lost. */
  readonly looks: number;
  /** How long ago the provider was asked. */
  readonly askedSeconds: number;
}

/**
 * @param watchDays so long a transfer that was paid, or was taken for lost, is looked up again
 * @returns undefined: it is over, and nothing follows
 */
export function judgeTransfer(known: KnownSoFar, heard: Heard, watchDays: number): TransferStep | undefined {
  switch (known.status) {
    case 'RETURNED':
      return undefined;
    case 'FAILED':
      return known.failure === 'NOT_RECEIVED' ? judgeLost(known, heard, watchDays) : undefined;
    case 'PAID':
      return judgePaid(known, heard, watchDays);
    case 'OPEN':
      return judgeOpen(known, heard, watchDays);
  }
}

/** The money may come back. */
function judgePaid({ looks }: KnownSoFar, heard: Heard, watchDays: number): TransferStep {
  if (heard.outcome === 'failed') return { step: 'return', reason: heard.reason };
  return { step: 'wait', pauseMs: heard.outcome === 'paid' ? lateMs(looks, watchDays) : HOUR_MS };
}

/** The provider did not know it for half an hour. It may have been on its way there for longer. */
function judgeLost({ looks }: KnownSoFar, heard: Heard, watchDays: number): TransferStep {
  if (heard.outcome === 'paid' || heard.outcome === 'sent') return { step: 'find' };
  if (heard.outcome === 'failed') return { step: 'wait', pauseMs: null };
  return { step: 'wait', pauseMs: heard.outcome === 'missing' ? lateMs(looks, watchDays) : HOUR_MS };
}

function judgeOpen({ looks, askedSeconds }: KnownSoFar, heard: Heard, watchDays: number): TransferStep {
  switch (heard.outcome) {
    case 'paid':
      return { step: 'pay', paidOn: heard.paidOn, pauseMs: DAY_MS };
    case 'failed':
      return { step: 'fail', reason: heard.reason, pauseMs: null };
    case 'away':
      return { step: 'wait', pauseMs: pauseAfter(looks), unsent: true };
    case 'missing':
      return askedSeconds >= MISSING_SECONDS && looks >= MISSING_LOOKS
        ? { step: 'fail', reason: 'NOT_RECEIVED', pauseMs: lateMs(0, watchDays) }
        : { step: 'wait', pauseMs: pauseAfter(looks) };
    case 'sent':
    case 'unknown':
      return { step: 'wait', pauseMs: pauseAfter(looks) };
  }
}
