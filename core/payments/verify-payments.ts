/** Checks that the paid amounts equal the sold ones, checkout by checkout, in one consistent view. */
import { type Db, forWholeDates, inSnapshot } from '../../infra/database.js';
import { addDays } from '../../kernel/business-date.js';
import { type CheckoutSums, keptOf, type PaymentDifference, paymentDifferences } from './rules/payment-difference.js';
import {
  type CheckoutRange,
  readCheckoutFrom,
  readLastCheckout,
  readNextCheckouts,
  sumOrders,
  sumPayments,
  sumPendingCancels,
} from './stores/payment-sums.js';

/** Checkouts that are compared at a time. */
const CHECKOUTS = 1_000;
/** Differences that are kept, so that memory does not grow with them. */
const DIFFERENCES = 1_000;

/** Business dates on which the checkouts were made. */
export interface OrderedWithin {
  readonly from: string;
  readonly to: string;
}

/** Sums of one currency (minor units). */
export interface PaidTotal {
  readonly currency: string;
  readonly chargedMinor: bigint;
  readonly backMinor: bigint;
  readonly returningMinor: bigint;
  /** The charged amount that is neither back nor on its way back. */
  readonly keptMinor: bigint;
  /** The amounts of orders that were paid through a provider. */
  readonly soldMinor: bigint;
  /** The same for orders that were marked as paid by hand, for which nothing was charged. */
  readonly byHandMinor: bigint;
}

export interface PaymentVerification {
  readonly ok: boolean;
  readonly checkouts: number;
  /** Checkouts that differ. */
  readonly differing: number;
  /** By checkout; the first thousand. */
  readonly differences: readonly PaymentDifference[];
  /** By currency. */
  readonly totals: readonly PaidTotal[];
}

/** Compares all checkouts, or those of some dates, page by page. Fails with the signal's reason when it aborts. */
export function verifyPayments(
  db: Db,
  within: OrderedWithin | null,
  signal?: AbortSignal,
): Promise<PaymentVerification> {
  return inSnapshot(
    forWholeDates(db),
    async (view) => {
      const totals = new Map<string, PaidTotal>();
      const differences: PaymentDifference[] = [];
      let checkouts = 0;
      let differing = 0;
      const { first, last } = within === null ? EVERYTHING : await rangeOf(view, within);
      for (let from: number | undefined = first; from !== undefined && from < last; ) {
        const page = await readPage(view, from, within);
        for (const sums of page.sums) {
          const found = paymentDifferences(sums);
          if (found.length > 0) differing += 1;
          differences.push(...found.slice(0, DIFFERENCES - differences.length));
          totals.set(sums.currency, added(totals.get(sums.currency) ?? nothing(sums.currency), sums));
        }
        checkouts += new Set(page.sums.map(({ checkoutId }) => checkoutId)).size;
        from = page.next;
      }
      const byCurrency = [...totals.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1));
      return { ok: differing === 0, checkouts, differing, differences, totals: byCurrency };
    },
    signal,
  );
}

const EVERYTHING = { first: 0, last: Number.POSITIVE_INFINITY };

/** Ids follow time except for calls at the same moment, and in every zone a date lies within two days of its moments; the orders tell the exact dates. */
async function rangeOf(
  view: Db,
  { from, to }: OrderedWithin,
): Promise<{ readonly first: number; readonly last: number }> {
  const moment = (date: string): string => `${date}T00:00:00.000Z`;
  return {
    first: (await firstSince(view, moment(addDays(from, -2)))) - 1,
    last: await firstSince(view, moment(addDays(to, 3))),
  };
}

/**
 * The id of the first checkout since a moment, found by halving, because there is no key of the time. One above the last id where there is no such checkout.
 */
async function firstSince(view: Db, moment: string): Promise<number> {
  let low = 1;
  let high = (await readLastCheckout(view)) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await readCheckoutFrom(view, middle, moment);
    if (found?.before === true) low = found.checkoutId + 1;
    else high = middle;
  }
  return low;
}

/** The sums of the next checkouts. Payments of deleted checkouts have ids between them and are included. */
async function readPage(view: Db, from: number, within: OrderedWithin | null) {
  const ids = await readNextCheckouts(view, from, CHECKOUTS);
  const next = ids.length < CHECKOUTS ? undefined : ids.at(-1);
  const range: CheckoutRange = next === undefined ? { from } : { from, to: next };
  const sums = new Map<string, CheckoutSums>();
  const add = (of: { readonly checkoutId: number; readonly currency: string }, more: Partial<CheckoutSums>): void => {
    const { checkoutId, currency } = of;
    const key = `${checkoutId} ${currency}`;
    sums.set(key, { ...ZERO, ...sums.get(key), checkoutId, currency, ...more });
  };
  const wanted = new Set<number>();
  for (const { orderedOn, soldMinor, returningMinor, byHand, ...of } of await sumOrders(view, range)) {
    if (within === null || (orderedOn >= within.from && orderedOn <= within.to)) wanted.add(of.checkoutId);
    const sold = byHand ? { byHandMinor: soldMinor } : { soldMinor };
    add(of, { ...sold, ordersReturningMinor: returningMinor });
  }
  for (const { chargedMinor, backMinor, returningMinor, ...of } of await sumPayments(view, range))
    add(of, { chargedMinor, backMinor, returningMinor });
  for (const { returningMinor, ...of } of await sumPendingCancels(view, range))
    add(of, { ordersReturningByCancelsMinor: returningMinor });
  const all = [...sums.values()].sort((a, b) => a.checkoutId - b.checkoutId);
  return { next, sums: within === null ? all : all.filter(({ checkoutId }) => wanted.has(checkoutId)) };
}

const ZERO = {
  chargedMinor: 0,
  backMinor: 0,
  returningMinor: 0,
  ordersReturningByCancelsMinor: 0,
  soldMinor: 0,
  byHandMinor: 0,
  ordersReturningMinor: 0,
};

const nothing = (currency: string): PaidTotal => ({
  currency,
  chargedMinor: 0n,
  backMinor: 0n,
  returningMinor: 0n,
  keptMinor: 0n,
  soldMinor: 0n,
  byHandMinor: 0n,
});

const added = (total: PaidTotal, sums: CheckoutSums): PaidTotal => ({
  currency: total.currency,
  chargedMinor: total.chargedMinor + BigInt(sums.chargedMinor),
  backMinor: total.backMinor + BigInt(sums.backMinor),
  returningMinor: total.returningMinor + BigInt(sums.returningMinor),
  keptMinor: total.keptMinor + BigInt(keptOf(sums)),
  soldMinor: total.soldMinor + BigInt(sums.soldMinor),
  byHandMinor: total.byHandMinor + BigInt(sums.byHandMinor),
});
