/** What follows from what a provider says of a transfer. */
import type { TransferFailure } from './transfer-failure.js';

/** OPEN: nobody knows yet whether it is paid. RETURNED: it was paid, and the money came back. */
export type TransferStatus = 'OPEN' | 'PAID' | 'FAILED' | 'RETURNED';

/** What a provider may say; `away` and `missing` as in providers/provider.ts. */
export type Heard =
  | { readonly outcome: 'sent' | 'unknown' | 'away' | 'missing' }
  | { readonly outcome: 'paid'; readonly paidOn: string }
  | { readonly outcome: 'failed'; readonly reason: TransferFailure };

export type TransferStep =
  /** It is dealt with again after so many ms; null: never. `unsent`: it may be sent then, because it certainly never left. */
  | { readonly step: 'wait'; readonly pauseMs: number | null; readonly unsent?: boolean }
  | { readonly step: 'pay'; readonly paidOn: string; readonly pauseMs: number }
  | { readonly step: 'fail'; readonly reason: TransferFailure }
  | { readonly step: 'return'; readonly reason: TransferFailure };

const FIRST_MS = 5_000;
const LONGEST_MS = 10 * 60_000;
const HOUR_MS = 60 * 60_000;

/** A transfer that the provider does not know after so long has never come there (s). No request is under way for so long: each has its limits. */
export const MISSING_SECONDS = 30 * 60;

/** So often it is dealt with before, because the clock of the database may be set forward while a request is on its way: the pauses take some minutes whatever the clock says. */
export const MISSING_LOOKS = 5;

/** When a transfer that was paid is looked up again, because the money may come back (ms from one look to the next). */
const LATE_LOOKS_MS: readonly number[] = [24 * HOUR_MS, 48 * HOUR_MS, 96 * HOUR_MS];

/** The pause after so many looks without a result (ms): 5 s, 10 s, 20 s … 10 min. */
const pauseAfter = (looks: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(looks, 16));

/**
 * @param looks how often it was dealt with since it was made or paid
 * @param askedSeconds how long ago the provider was asked
 * @returns undefined: it is over, and nothing follows
 */
export function judgeTransfer(
  {
    status,
    looks,
    askedSeconds,
  }: { readonly status: TransferStatus; readonly looks: number; readonly askedSeconds: number },
  heard: Heard,
): TransferStep | undefined {
  if (status === 'FAILED' || status === 'RETURNED') return undefined;
  if (status === 'PAID') {
    if (heard.outcome === 'failed') return { step: 'return', reason: heard.reason };
    if (heard.outcome === 'paid') return { step: 'wait', pauseMs: LATE_LOOKS_MS[looks] ?? null };
    return { step: 'wait', pauseMs: HOUR_MS };
  }
  switch (heard.outcome) {
    case 'paid':
      return { step: 'pay', paidOn: heard.paidOn, pauseMs: LATE_LOOKS_MS[0] ?? HOUR_MS };
    case 'failed':
      return { step: 'fail', reason: heard.reason };
    case 'away':
      return { step: 'wait', pauseMs: pauseAfter(looks), unsent: true };
    case 'missing':
      return askedSeconds >= MISSING_SECONDS && looks >= MISSING_LOOKS
        ? { step: 'fail', reason: 'NOT_RECEIVED' }
        : { step: 'wait', pauseMs: pauseAfter(looks) };
    case 'sent':
    case 'unknown':
      return { step: 'wait', pauseMs: pauseAfter(looks) };
  }
}
