/** Entries of the books that people make: which kinds there are, what each takes, and what may become of it. */
import { isBusinessDate } from '../../../kernel/business-date.js';
import { currencyExponent } from '../../../kernel/currency.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import { isExternalId } from '../../../kernel/external-id.js';
import { MAX_MINOR } from '../../../kernel/money.js';

/** Why an entry of a kind is made. */
export const REASON_CODES = {
  TO_SELLER: ['GOODWILL', 'FEE_CORRECTION', 'SHIPPING', 'PROMOTION', 'DATA_ERROR', 'OTHER'],
  FROM_SELLER: ['PENALTY', 'FEE_CORRECTION', 'SHIPPING', 'PROMOTION', 'DATA_ERROR', 'OTHER'],
  CHARGEBACK: ['FRAUD', 'NOT_RECEIVED', 'NOT_AS_DESCRIBED', 'NOT_REFUNDED', 'DUPLICATE', 'OTHER'],
  CHARGEBACK_WON: ['EVIDENCE_ACCEPTED', 'WITHDRAWN', 'OTHER'],
  WRITE_OFF: ['UNCOLLECTABLE', 'INSOLVENT', 'SETTLED', 'SMALL_AMOUNT', 'OTHER'],
  REVERSAL: ['MISTAKE', 'DUPLICATE', 'OTHER'],
} as const satisfies Record<string, readonly string[]>;

export type AdjustmentKind = keyof typeof REASON_CODES;
export const ADJUSTMENT_KINDS = Object.keys(REASON_CODES) as AdjustmentKind[];
/** Kinds that are about another entry, whose seller and amount they have. */
export type UndoingKind = 'CHARGEBACK_WON' | 'REVERSAL';

export const ADJUSTMENT_STATUSES = ['PROPOSED', 'POSTED', 'REFUSED', 'CANCELLED'] as const;
export type AdjustmentStatus = (typeof ADJUSTMENT_STATUSES)[number];
export const DISPUTES = ['OPENED', 'LOST', 'WON'] as const;
export type Dispute = (typeof DISPUTES)[number];
export type FeeBearer = 'SELLER' | 'PLATFORM';

/** What is proposed. */
export interface Proposal {
  /** The caller's own name of the entry: nothing is proposed twice under one. */
  readonly reference: string;
  readonly kind: AdjustmentKind;
  readonly sellerId: string;
  readonly currency: string;
  /** Minor units, more than 0. */
  readonly amountMinor: number;
  /** What the provider charges for a chargeback, or gives back of it (minor units). */
  readonly feeMinor: number;
  /** Null where there is no fee. */
  readonly feeBy: FeeBearer | null;
  /** The payment provider of a chargeback. */
  readonly provider: string | null;
  /** What a chargeback is about, where it is known. */
  readonly orderId: string | null;
  readonly paymentId: string | null;
  readonly reasonCode: string;
  readonly reason: string;
  /** Where the papers are: an address or a file number. */
  readonly attachment: string | null;
  /** The entry that this one undoes. */
  readonly undoesId: number | null;
  /** The business date that it is to count for; null: the one on which it is posted. */
  readonly askedOn: string | null;
}

const PROVIDER = /^[A-Z0-9_]{1,16}$/;
const TEXT_MAX = { reason: 200, attachment: 255, note: 200 } as const;

/** Whether a text of so many characters at most can be printed. */
export const isText = (field: keyof typeof TEXT_MAX, text: string): boolean =>
  text.trim() !== '' && [...text].length <= TEXT_MAX[field] && !/[\p{Cc}\p{Surrogate}]/u.test(text);

const invalid = (field: string, must: string): Refusal => refuse('ADJUSTMENT_INVALID', { field, must });
const isAmount = (minor: number, least: number): boolean =>
  Number.isSafeInteger(minor) && minor >= least && minor <= MAX_MINOR;

/** Whether this can be proposed on a business date; else ADJUSTMENT_INVALID or CURRENCY_UNKNOWN. */
export function judgeProposal(made: Proposal, today: string): Refusal | undefined {
  const { kind, askedOn } = made;
  if (!isExternalId(made.reference)) return invalid('reference', 'be 1 to 64 printable ASCII characters');
  if (!isExternalId(made.sellerId)) return invalid('sellerId', 'be the id of a seller');
  if (currencyExponent(made.currency) === undefined) return refuse('CURRENCY_UNKNOWN', { currency: made.currency });
  if (!isAmount(made.amountMinor, 1)) return invalid('amount', 'be more than 0');
  const codes: readonly string[] = REASON_CODES[kind];
  if (!codes.includes(made.reasonCode)) return invalid('reasonCode', `be one of ${codes.join(', ')}`);
  if (!isText('reason', made.reason)) return invalid('reason', `be 1 to ${TEXT_MAX.reason} printable characters`);
  if (made.attachment !== null && !isText('attachment', made.attachment))
    return invalid('attachment', `be 1 to ${TEXT_MAX.attachment} printable characters`);
  if (askedOn !== null && (!isBusinessDate(askedOn) || askedOn > today))
    return invalid('effectiveOn', `be a date that is not later than ${today}`);
  return judgeChargebackFields(made);
}

function judgeChargebackFields(made: Proposal): Refusal | undefined {
  const { provider, orderId, paymentId, feeMinor, feeBy } = made;
  if (!['CHARGEBACK', 'CHARGEBACK_WON', 'REVERSAL'].includes(made.kind)) {
    const given = Object.entries({ provider, orderId, paymentId, feeBy, fee: feeMinor || null });
    const stray = given.find(([, value]) => value !== null);
    return stray && invalid(stray[0], 'not be given: it belongs to chargebacks');
  }
  if (made.kind === 'CHARGEBACK' && (provider === null || !PROVIDER.test(provider)))
    return invalid('provider', 'name a payment provider in capitals, for example TOSS');
  for (const [field, id] of Object.entries({ orderId, paymentId }))
    if (id !== null && !isExternalId(id)) return invalid(field, 'be 1 to 64 printable ASCII characters');
  if (!isAmount(feeMinor, 0)) return invalid('fee', 'be 0 or more');
  if (feeMinor > 0 !== (feeBy !== null)) return invalid('feeBy', 'be given with a fee, and only then');
  return undefined;
}

/** What an entry must be to be undone, and the code in the details if it is not. */
export function judgeUndoing(
  kind: UndoingKind,
  { kind: undone, status, dispute }: { kind: AdjustmentKind; status: AdjustmentStatus; dispute: Dispute | null },
): Refusal | undefined {
  const refusal = (why: string): Refusal => refuse('ADJUSTMENT_NOT_UNDOABLE', { why });
  if (status !== 'POSTED') return refusal(`it is ${status}`);
  if (kind === 'CHARGEBACK_WON') {
    if (undone !== 'CHARGEBACK') return refusal(`it is a ${undone}, which has no dispute`);
    return dispute === 'OPENED' ? undefined : refuse('DISPUTE_NOT_OPEN', { dispute });
  }
  if (undone === 'REVERSAL') return refusal('it is a reversal');
  return dispute === 'WON' ? refusal('its dispute was won; reverse that entry') : undefined;
}

/** The fields in which two proposals differ. */
export const differingFields = (a: Proposal, b: Proposal): string[] =>
  (Object.keys(CONTENT) as (keyof Proposal)[]).filter((field) => a[field] !== b[field]);

const CONTENT: Readonly<Record<keyof Proposal, true>> = {
  ...{ reference: true, kind: true, sellerId: true, currency: true, amountMinor: true, feeMinor: true, feeBy: true },
  ...{ provider: true, orderId: true, paymentId: true, reasonCode: true, reason: true, attachment: true },
  ...{ undoesId: true, askedOn: true },
};

/**
 * The business date that an entry counts for: the one asked for, or today. What an issued statement closes is over: then it is the day after, or ADJUSTMENT_DATE_CLOSED
 * where another date was asked for.
 */
export function effectiveDate(askedOn: string | null, today: string, firstOpen: string | undefined): string | Refusal {
  if (askedOn === null) return firstOpen !== undefined && firstOpen > today ? firstOpen : today;
  if (firstOpen !== undefined && askedOn < firstOpen)
    return refuse('ADJUSTMENT_DATE_CLOSED', { effectiveOn: askedOn, firstOpen });
  return askedOn;
}
