/**
 * The shop's way into the feed: confirmed order lines and refunds, written in the transaction that confirms or refunds them. It keeps the same
 * promises as an import: the dates are shared first, so that none is closed during the write, and a refund takes back only what its sale has left.
 *
 *     await withShopDates(db, config, (dates) =>               // read before the transaction
 *       inTransaction(db, async (tx) => {
 *         const on = await shareShopDates(tx, dates);          // its first statement
 *         …
 *         decided(await enterSales(tx, on, sales));
 *       }),
 *     );
 */
import type { Config } from '../../infra/config.js';
import { type Db, orRefusal, type Tx } from '../../infra/database.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { addDays } from '../../kernel/business-date.js';
import { currencyExponent } from '../../kernel/currency.js';
import { isRefusal, MagamError, type Refusal, refuse } from '../../kernel/errors.js';
import { isCategory, isExternalId } from '../../kernel/external-id.js';
import {
  laterDate,
  lineKey,
  MAX_QUANTITY,
  nextOpenDate,
  REASON_MAX,
  type RefundEntry,
  type SaleEntry,
} from './rules/entry.js';
import { type NewRefund, newRefund, refundObjections } from './rules/refund.js';
import { isShopId } from './rules/shop-ids.js';
import { ensureDates, readShutThrough, shareDates } from './stores/calendar.js';
import {
  findSales,
  insertRefunds,
  insertSales,
  lockSales,
  type RefundedUnits,
  refundedUnits,
  type StoredSale,
} from './stores/entry.js';

/** What a transaction of the shop shares. */
export interface ShopDates {
  /** Today in the platform's zone, by the database's clock. */
  readonly today: string;
  /** The first date that took entries when this was read, and the date after it, in case the first one is shut meanwhile. */
  readonly open: readonly string[];
}

/** The dates of the entries that this transaction writes. */
export interface ShopDate {
  /** Their own date: the day they were confirmed or refunded. */
  readonly occurredOn: string;
  /** The date they are settled on. It is later than their own date where that is shut. */
  readonly settledOn: string;
  /** Dates that stay open until the commit, because the transaction shares them. */
  readonly shared: ReadonlySet<string>;
}

/** A confirmed order line of the shop. Its order id begins with `magam:` (`shopOrderId`); amounts are minor units. */
export type ShopSale = Omit<SaleEntry, 'itemAmount' | 'occurredOn'>;
/** Some units of a line of the shop taken back. Its refund id begins with `magam:` (`shopRefundId`). */
export type ShopRefund = Omit<RefundEntry, 'occurredOn'>;

/** Reads the current day and makes sure that its dates have rows. Call it before the transaction. Throws TIME_ZONE_DIFFERS and CLOCK_DIFFERS. */
export async function prepareShopDates(db: Db, { timeZone }: Pick<Config, 'timeZone'>): Promise<ShopDates> {
  const { date: today } = await readPlatformTime(db, timeZone);
  const first = laterDate(today, nextOpenDate(await readShutThrough(db)) ?? today);
  const open = [first, addDays(first, 1)];
  await ensureDates(db, open);
  return { today, open };
}

/**
 * Takes the writers' lock on the dates: the first statement of the transaction, held to its commit. Throws SHOP_DATES_PASSED when both were shut since
 * they were prepared; then the caller prepares them again and repeats the transaction.
 */
export async function shareShopDates(tx: Tx, { today, open }: ShopDates): Promise<ShopDate> {
  const statuses = await shareDates(tx, open);
  const shared = open.filter((date) => statuses.get(date) === 'OPEN');
  const [settledOn] = shared;
  if (settledOn === undefined) throw new MagamError('SHOP_DATES_PASSED', undefined, { dates: open });
  return { occurredOn: today, settledOn, shared: new Set(shared) };
}

const DATE_TRIES = 3;

/** Runs work that shares dates and writes to the feed, and runs it again with new dates when the first ones were shut meanwhile. */
export async function withShopDates<T>(
  db: Db,
  config: Pick<Config, 'timeZone'>,
  work: (dates: ShopDates) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(await prepareShopDates(db, config));
    } catch (error) {
      if (!(error instanceof MagamError && error.code === 'SHOP_DATES_PASSED') || attempt === DATE_TRIES) throw error;
    }
  }
}

/**
 * Writes confirmed order lines. Refuses ENTRY_CONFLICT when one of them is in the feed; then none is written. Entries that the shop's own rules should
 * have prevented (an id that is not the shop's, amounts that contradict each other) make it throw.
 */
export async function enterSales(tx: Tx, on: ShopDate, sales: readonly ShopSale[]): Promise<undefined | Refusal> {
  const entries = sales.map((sale) => {
    const entry = { ...sale, itemAmount: sale.quantity * sale.unitPrice, occurredOn: on.occurredOn };
    if (!isEntryOfShop(entry)) throw new Error(`not a line that the feed takes: ${lineKey(sale)}`);
    return { settledOn: on.settledOn, entry };
  });
  if (entries.length === 0) return undefined;
  const orders = [...new Set(sales.map(({ orderId }) => orderId))];
  return orRefusal(insertSales(tx, null, entries).then(nothing), refuse('ENTRY_CONFLICT', { orders }));
}

/**
 * Writes refunds in the order given and returns them with the amounts that they take back (minor units, negative). Their sales are locked until
 * the commit, so that the units taken by earlier refunds do not change. A refund is never settled or dated before its sale.
 *
 * Refuses ORIGINAL_MISSING (the shop has not entered such a line), REFUND_EXCEEDS_SALE (more units than the line has left) and ENTRY_CONFLICT (the
 * refund is in the feed); then none is written. Throws SHOP_DATES_PASSED as `shareShopDates` does.
 */
export async function enterRefunds(
  tx: Tx,
  on: ShopDate,
  refunds: readonly ShopRefund[],
): Promise<readonly NewRefund[] | Refusal> {
  const known = await findSales(tx, refunds);
  const locked = await lockSales(tx, [...known.values()]);
  const taken = await refundedUnits(tx, [...locked.keys()]);
  const prior = new Map([...taken].map(([saleId, { quantity }]: [number, RefundedUnits]) => [saleId, quantity]));
  const accepted: NewRefund[] = [];
  for (const refund of refunds) {
    const sale = locked.get(known.get(lineKey(refund))?.entryId ?? 0);
    const made = acceptRefund(on, refund, sale, sale === undefined ? 0 : (prior.get(sale.entryId) ?? 0));
    if (isRefusal(made)) return made;
    prior.set(made.originalId, made.priorQuantity + refund.quantity);
    accepted.push(made);
  }
  const refundIds = refunds.map(({ refundId }) => refundId);
  return orRefusal(
    insertRefunds(tx, null, accepted).then(() => accepted),
    refuse('ENTRY_CONFLICT', { refundIds }),
  );
}

function acceptRefund(
  on: ShopDate,
  refund: ShopRefund,
  sale: StoredSale | undefined,
  priorQuantity: number,
): NewRefund | Refusal {
  const { refundId, orderId, lineId, quantity, reason } = refund;
  if (!(isExternalId(refundId) && isShopId(refundId) && isCount(quantity) && [...reason].length <= REASON_MAX))
    throw new Error(`not a refund that the feed takes: ${refundId}`);
  // The sale may be of a later date: it was confirmed after this transaction's dates were prepared, just before midnight.
  const occurredOn = laterDate(on.occurredOn, sale?.occurredOn ?? '');
  const settledOn = laterDate(on.settledOn, sale?.settledOn ?? '');
  const [objection] = refundObjections({ quantity, occurredOn }, sale, priorQuantity, 'shop');
  if (objection !== undefined || sale === undefined) {
    const left = sale === undefined ? 0 : sale.quantity - priorQuantity;
    return refuse(objection ?? 'ORIGINAL_MISSING', { refundId, orderId, lineId, quantity, left });
  }
  if (!on.shared.has(settledOn)) throw new MagamError('SHOP_DATES_PASSED', undefined, { dates: [settledOn] });
  return newRefund(sale, { refundId, orderId, lineId, quantity, occurredOn, reason }, priorQuantity, settledOn);
}

const nothing = (): undefined => undefined;
const isAmount = (minor: number): boolean => Number.isSafeInteger(minor) && minor >= 0;
const isCount = (quantity: number): boolean => isAmount(quantity) && quantity >= 1 && quantity <= MAX_QUANTITY;

/** The checks that an import makes row by row (section 2 of docs/settlement-rules.md). */
function isEntryOfShop(sale: SaleEntry): boolean {
  const { orderId, lineId, sellerId, productId, category, itemAmount, sellerDiscount, platformDiscount } = sale;
  return (
    isShopId(orderId) &&
    [orderId, lineId, sellerId].every(isExternalId) &&
    (productId === '' || isExternalId(productId)) &&
    isCategory(category) &&
    category === category.trim() &&
    isCount(sale.quantity) &&
    [sale.unitPrice, itemAmount, sellerDiscount, platformDiscount, sale.shippingFee].every(isAmount) &&
    sellerDiscount + platformDiscount <= itemAmount &&
    currencyExponent(sale.currency) !== undefined
  );
}
