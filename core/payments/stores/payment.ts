/** Payments. Every change is made under the lock of the checkout, so data read after that lock stays true until the transaction ends. */
import {
  change,
  type Db,
  databaseTime,
  insertReturningId,
  isoTime,
  isTrue,
  type Reading,
  select,
  type Tx,
} from '../../../infra/database.js';
import type { BatchBounds } from '../../../infra/one-by-one.js';
import type { PaymentStatus } from '../rules/payment-state.js';

/** The provider name of a payment with nothing to pay. */
export const NO_PROVIDER = 'NONE';

export interface PaymentRecord {
  readonly paymentId: number;
  readonly checkoutId: number;
  /** It is the one payment of its checkout that is under way or paid. */
  readonly live: boolean;
  readonly buyerId: number;
  readonly provider: string;
  /** Random; names the payment to the provider. */
  readonly reference: string;
  readonly providerKey: string | null;
  readonly approvalToken: string | null;
  readonly orderName: string;
  readonly currency: string;
  readonly amountMinor: number;
  /** The amount and currency that the provider says it has charged; null: nothing as far as is known. */
  readonly chargedMinor: number | null;
  readonly chargedCurrency: string | null;
  /** The amount that is back with the buyer, and the amount on its way there. */
  readonly cancelledMinor: number;
  readonly cancellingMinor: number;
  /** The amount given back outside of the platform, by the provider's last answer. */
  readonly elsewhereMinor: number;
  readonly status: PaymentStatus;
  readonly method: string | null;
  readonly failureCode: string | null;
  readonly failureMessage: string | null;
  /** Random; names the process that asked the provider last. */
  readonly askedBy: string | null;
  /** The provider is being asked now. */
  readonly beingAsked: boolean;
  /** How often in a row the provider gave no answer. */
  readonly looks: number;
  readonly unclearTold: boolean;
  /** Since the provider was first asked to charge. */
  readonly secondsSinceMarked: number | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly chargedAt: string | null;
  readonly updatedAt: string;
}

const SELECT_PAYMENT = `SELECT p.payment_id AS paymentId, p.checkout_id AS checkoutId, p.live_checkout_id IS NOT NULL AS live, p.buyer_id AS buyerId,
  p.provider, p.reference, p.provider_key AS providerKey, p.approval_token AS approvalToken, p.order_name AS orderName, p.currency,
  p.amount_minor AS amountMinor, p.charged_minor AS chargedMinor, p.charged_currency AS chargedCurrency, p.cancelled_minor AS cancelledMinor,
  p.cancelling_minor AS cancellingMinor, p.cancelled_elsewhere_minor AS elsewhereMinor, p.status, p.method, p.failure_code AS failureCode, p.failure_message AS failureMessage,
  p.asked_by AS askedBy, COALESCE(p.asked_until > UTC_TIMESTAMP(3), 0) AS beingAsked, p.looks, p.unclear_told AS unclearTold,
  TIMESTAMPDIFF(SECOND, p.marked_at, UTC_TIMESTAMP(3)) AS secondsSinceMarked, p.created_at AS createdAt, p.charged_at AS chargedAt,
  p.updated_at AS updatedAt FROM payment p`;
const reading: Reading<PaymentRecord> = {
  live: isTrue,
  beingAsked: isTrue,
  unclearTold: isTrue,
  createdAt: isoTime,
  chargedAt: isoTime,
  updatedAt: isoTime,
};

export async function readPayment(db: Db, paymentId: number): Promise<PaymentRecord | undefined> {
  return (await select(db, `${SELECT_PAYMENT} WHERE p.payment_id = ?`, [paymentId], reading))[0];
}

/** The providers of payments, by payment. */
export async function readProviders(db: Db, paymentIds: readonly number[]): Promise<Map<number, string>> {
  if (paymentIds.length === 0) return new Map();
  const sql = 'SELECT p.payment_id AS paymentId, p.provider FROM payment p WHERE p.payment_id IN (?)';
  const rows = await select<Pick<PaymentRecord, 'paymentId' | 'provider'>>(db, sql, [paymentIds]);
  return new Map(rows.map(({ paymentId, provider }) => [paymentId, provider]));
}

/** The payment of a checkout that is under way or paid. */
export async function readLivePayment(db: Db, checkoutId: number): Promise<PaymentRecord | undefined> {
  return (await select(db, `${SELECT_PAYMENT} WHERE p.live_checkout_id = ?`, [checkoutId], reading))[0];
}

/** The payment of a checkout with this provider and amount that was saved but not opened at the provider, because its process died. */
export async function readUnopened(
  tx: Tx,
  { checkoutId, provider, amountMinor }: Pick<PaymentRecord, 'checkoutId' | 'provider' | 'amountMinor'>,
): Promise<PaymentRecord | undefined> {
  const sql = `${SELECT_PAYMENT} FORCE INDEX (payment_checkout) WHERE p.checkout_id = ? AND p.provider = ? AND p.amount_minor = ? AND p.status = 'READY'
    AND p.opened_at IS NULL AND p.asked_until <= UTC_TIMESTAMP(3) ORDER BY p.payment_id LIMIT 1`;
  return (await select(tx, sql, [checkoutId, provider, amountMinor], reading))[0];
}

/** How many payments of a checkout are open. */
export async function countReady(tx: Tx, checkoutId: number): Promise<number> {
  const sql = `SELECT COUNT(*) AS ready FROM payment FORCE INDEX (payment_checkout) WHERE checkout_id = ? AND status = 'READY'`;
  return (await select<{ ready: number }>(tx, sql, [checkoutId]))[0]?.ready ?? 0;
}

/** The form of references and keys; any other text names no payment. */
const ASCII = /^[\x20-\x7e]{1,200}$/;

/** The id of the payment that a provider means, by our reference or by its own key. */
export async function findPaymentId(
  db: Db,
  provider: string,
  { reference, providerKey }: { readonly reference: string | null; readonly providerKey: string | null },
): Promise<number | undefined> {
  const byReference = 'SELECT payment_id AS paymentId FROM payment WHERE reference = ? AND provider = ?';
  const byKey =
    'SELECT payment_id AS paymentId FROM payment WHERE provider_key = ? AND provider = ? ORDER BY payment_id LIMIT 1';
  for (const [sql, name] of [
    [byReference, reference],
    [byKey, providerKey],
  ] as const) {
    const [row] =
      name === null || !ASCII.test(name) ? [] : await select<{ paymentId: number }>(db, sql, [name, provider]);
    if (row !== undefined) return row.paymentId;
  }
  return undefined;
}

export interface NewPayment
  extends Pick<
    PaymentRecord,
    'checkoutId' | 'buyerId' | 'provider' | 'reference' | 'orderName' | 'currency' | 'amountMinor'
  > {
  /** READY, or DONE where there is nothing to pay. */
  readonly status: 'READY' | 'DONE';
  /** When a duty checks it (ISO 8601); null: never. */
  readonly lookAt: string | null;
}

/** Stores a payment that is being opened; for this long nobody else opens it (ms). @returns its id */
export const insertPayment = (
  tx: Tx,
  made: NewPayment,
  asker: { readonly name: string; readonly ms: number },
): Promise<number> =>
  insertReturningId(
    tx,
    `INSERT INTO payment (checkout_id, live_checkout_id, buyer_id, provider, reference, order_name, currency, amount_minor, charged_minor, status,
       next_look_at, asked_by, asked_until, charged_at, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, IF(?, UTC_TIMESTAMP(3), NULL), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [
      made.checkoutId,
      made.status === 'DONE' ? made.checkoutId : null,
      made.buyerId,
      made.provider,
      made.reference,
      made.orderName,
      made.currency,
      made.amountMinor,
      made.status === 'DONE' ? made.amountMinor : null,
      made.status,
      made.lookAt === null ? null : databaseTime(made.lookAt),
      asker.name,
      asker.ms * 1_000,
      made.status === 'DONE' ? 1 : 0,
    ],
  );

/** The fields that change with a step; absent ones stay. */
export interface PaymentChange {
  readonly live?: boolean;
  readonly providerKey?: string | null;
  readonly approvalToken?: string | null;
  readonly opened?: true;
  /** True: the provider is first asked to charge now. False: it was never asked. */
  readonly marked?: boolean;
  readonly charged?: { readonly amountMinor: number; readonly currency: string; readonly method: string };
  /** Added. */
  readonly cancelledMinor?: number;
  readonly cancellingMinor?: number;
  readonly elsewhereMinor?: number;
  readonly failure?: { readonly code: string; readonly message: string } | null;
  /** The process that asks the provider from now on, and for how long (ms); null: none. */
  readonly asker?: { readonly name: string; readonly ms: number } | null;
  readonly looks?: number;
  /** When a duty checks it: after this many ms, at a moment (ISO 8601), or never. */
  readonly look?: number | string | null;
  readonly unclearTold?: boolean;
}

const NOW = 'UTC_TIMESTAMP(3)';
const later = `${NOW} + INTERVAL ? MICROSECOND`;
const cut = (text: string, length: number): string => [...text].slice(0, length).join('');

type Setting = readonly [sql: string, ...params: unknown[]];

function settingsOf(change: PaymentChange): Setting[] {
  const { live, providerKey, approvalToken, opened, marked, charged, failure, asker, look, looks, unclearTold } =
    change;
  const set: Setting[] = [];
  if (live !== undefined) set.push([`live_checkout_id = ${live ? 'checkout_id' : 'NULL'}`]);
  if (providerKey !== undefined) set.push(['provider_key = ?', providerKey]);
  if (approvalToken !== undefined) set.push(['approval_token = ?', approvalToken]);
  if (opened) set.push([`opened_at = ${NOW}`]);
  if (marked !== undefined) set.push([`marked_at = ${marked ? NOW : 'NULL'}`]);
  if (charged !== undefined) {
    const { amountMinor, currency, method } = charged;
    set.push(['charged_minor = ?, charged_currency = ?, method = ?', amountMinor, currency, cut(method, 64)]);
    set.push([`charged_at = COALESCE(charged_at, ${NOW})`]);
  }
  if (change.cancelledMinor !== undefined) set.push(['cancelled_minor = cancelled_minor + ?', change.cancelledMinor]);
  if (change.cancellingMinor !== undefined)
    set.push(['cancelling_minor = cancelling_minor + ?', change.cancellingMinor]);
  if (change.elsewhereMinor !== undefined) set.push(['cancelled_elsewhere_minor = ?', change.elsewhereMinor]);
  if (failure !== undefined) {
    const { code, message } = failure ?? { code: null, message: null };
    set.push(['failure_code = ?, failure_message = ?', code && cut(code, 64), message && cut(message, 255)]);
  }
  if (asker === null) set.push(['asked_by = NULL, asked_until = NULL']);
  else if (asker !== undefined) set.push([`asked_by = ?, asked_until = ${later}`, asker.name, asker.ms * 1_000]);
  if (look === null) set.push(['next_look_at = NULL']);
  else if (typeof look === 'number') set.push([`next_look_at = ${later}`, look * 1_000]);
  else if (look !== undefined) set.push(['next_look_at = ?', databaseTime(look)]);
  if (looks !== undefined) set.push(['looks = ?', looks]);
  if (unclearTold !== undefined) set.push(['unclear_told = ?', unclearTold ? 1 : 0]);
  return set;
}

/** Takes a payment from its expected state to another, or changes it within its state. @returns whether it was in that state */
export async function movePayment(
  tx: Tx,
  { paymentId, status }: Pick<PaymentRecord, 'paymentId' | 'status'>,
  to: PaymentStatus,
  moved: PaymentChange,
): Promise<boolean> {
  const settings = settingsOf(moved);
  const columns = settings.map(([sql]) => `, ${sql}`).join('');
  const params = settings.flatMap(([, ...values]) => values);
  const sql = `UPDATE payment FORCE INDEX (PRIMARY) SET status = ?, updated_at = ${NOW}${columns} WHERE payment_id = ? AND status = ?`;
  return (await change(tx, sql, [to, ...params, paymentId, status])) === 1;
}

/** Clears the mark of the one live payment of a checkout, whichever payment has it. */
export const freeLivePlace = (tx: Tx, checkoutId: number): Promise<number> =>
  change(tx, 'UPDATE payment FORCE INDEX (payment_live) SET live_checkout_id = NULL WHERE live_checkout_id = ?', [
    checkoutId,
  ]);

/** Payments whose outcome a duty has to look up; the longest waiting ones come first. */
export async function readDuePayments(db: Db, { rowsMax, except = [] }: BatchBounds): Promise<number[]> {
  const rows = await select<{ paymentId: number }>(
    db,
    `SELECT payment_id AS paymentId FROM payment FORCE INDEX (payment_look)
     WHERE next_look_at <= ${NOW} ${except.length === 0 ? '' : 'AND payment_id NOT IN (?)'} ORDER BY next_look_at LIMIT ?`,
    except.length === 0 ? [rowsMax] : [except, rowsMax],
  );
  return rows.map(({ paymentId }) => paymentId);
}

/** Payments that were reported to operators as unclear and still are. */
export const readUnclearPayments = (db: Db): Promise<Pick<PaymentRecord, 'paymentId' | 'provider' | 'status'>[]> =>
  select(
    db,
    `SELECT payment_id AS paymentId, provider, status FROM payment FORCE INDEX (payment_unclear)
     WHERE unclear_told = 1 AND (status IN ('IN_PROGRESS', 'UNKNOWN') OR cancelling_minor > 0) ORDER BY payment_id`,
  );

/** The payments, among these, of which money was given back outside of the platform. */
export async function readGivenBackElsewhere(
  db: Db,
  paymentIds: readonly number[],
): Promise<Pick<PaymentRecord, 'paymentId' | 'provider' | 'currency' | 'elsewhereMinor'>[]> {
  if (paymentIds.length === 0) return [];
  return select(
    db,
    `SELECT payment_id AS paymentId, provider, COALESCE(charged_currency, currency) AS currency, cancelled_elsewhere_minor AS elsewhereMinor
     FROM payment WHERE payment_id IN (?) AND cancelled_elsewhere_minor > 0 ORDER BY payment_id`,
    [paymentIds],
  );
}

export interface PaymentFilter {
  readonly buyerId?: number | undefined;
  readonly checkoutId?: number | undefined;
  readonly status?: PaymentStatus | undefined;
  /** The last row of the previous page. */
  readonly before?: number | undefined;
}

/** Payments newest first: a range of one key. */
export async function listPayments(db: Db, filter: PaymentFilter, limit: number): Promise<PaymentRecord[]> {
  const conditions = (
    [
      ['p.checkout_id = ?', filter.checkoutId],
      ['p.buyer_id = ?', filter.buyerId],
      ['p.status = ?', filter.status],
      ['p.payment_id < ?', filter.before],
    ] as const
  ).filter(([, value]) => value !== undefined);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
  return select(
    db,
    `${SELECT_PAYMENT} FORCE INDEX (${keyOf(filter)}) ${where} ORDER BY p.payment_id DESC LIMIT ?`,
    [...conditions.map(([, value]) => value), limit],
    reading,
  );
}

function keyOf({ checkoutId, buyerId, status }: PaymentFilter): string {
  if (checkoutId !== undefined) return 'payment_checkout';
  if (buyerId !== undefined) return status === undefined ? 'payment_buyer' : 'payment_buyer_status';
  return status === undefined ? 'PRIMARY' : 'payment_status';
}
