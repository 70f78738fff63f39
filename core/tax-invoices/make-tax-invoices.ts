/** Makes the records of tax invoices of a month: one for each seller, and later amendments with the month's settlements since. */
import { type Db, inTransaction } from '../../infra/database.js';
import { recordAudit } from '../../infra/stores/audit-log.js';
import { MagamError } from '../../kernel/errors.js';
import { businessCalendar } from '../business-days/keep-calendar.js';
import type { BusinessCalendar } from '../business-days/rules/business-calendar.js';
import { requireExportable } from '../settlement/settlement-export.js';
import { dueOn, invoiceAmounts, isZero, type Month, supplyOf, vatOf } from './rules/tax-invoice.js';
import {
  claimSettlements,
  insertInvoices,
  lockMonth,
  type OpenSeller,
  readClaimed,
  readOpenSellers,
  type TaxInvoice,
} from './stores/tax-invoice.js';

/** Sellers whose invoices are made in one transaction. */
const PAGE = 200;

export interface MakeInvoices {
  readonly month: Month;
  /** Today in the platform's zone. */
  readonly today: string;
  readonly platform: { readonly name: string; readonly businessNumber: string | null };
  readonly userName: string;
}

/** Why a seller has no invoice of the month yet. */
export const WAITING_REASONS = ['SELLER_NOT_REGISTERED', 'STATEMENT_NOT_ISSUED'] as const;
export type WaitingReason = (typeof WAITING_REASONS)[number];

export interface WaitingSeller {
  readonly sellerId: string;
  readonly reason: WaitingReason;
}

export interface MadeInvoices {
  readonly month: string;
  /** The last day for issuing the invoices of the month. */
  readonly dueOn: string;
  readonly invoices: number;
  /** How many of them are amendments. */
  readonly amendments: number;
  /** Minor units of KRW. */
  readonly supplyMinor: bigint;
  readonly vatMinor: bigint;
  readonly waiting: readonly WaitingSeller[];
}

/**
 * Makes the invoices of all sellers with charges in the month: when all charges are on issued statements, and from the day on which the invoice is
 * due without waiting for them. An amendment always waits for its statement. Throws TAX_INVOICE_MONTH_NOT_OVER, PLATFORM_BUSINESS_NUMBER_MISSING,
 * DATE_NOT_SETTLED, BUSINESS_DAY_UNKNOWN. When it is stopped in the middle, some sellers have whole invoices, and the same command continues.
 */
export async function makeTaxInvoices(db: Db, asked: MakeInvoices, signal: AbortSignal): Promise<MadeInvoices> {
  const { month, today } = asked;
  await requireInvoiceable(db, asked);
  const calendar = await businessCalendar(db);
  const due = dueOn(month.to, calendar);
  const open = await readOpenSellers(db, month);
  const reasonOf = (seller: OpenSeller): WaitingReason | undefined => {
    if (seller.sellerBusinessNumber === null) return 'SELLER_NOT_REGISTERED';
    if (seller.notOnStatement > 0 && (seller.invoices > 0 || today < due)) return 'STATEMENT_NOT_ISSUED';
    return undefined;
  };
  const ready = open.filter((seller) => reasonOf(seller) === undefined);
  const made: Omit<TaxInvoice, 'madeAt'>[] = [];
  for (const late of [false, true]) {
    const sellers = ready.filter((seller) => late === seller.notOnStatement > 0);
    for (let at = 0; at < sellers.length && !signal.aborted; at += PAGE)
      made.push(...(await makePage(db, asked, sellers.slice(at, at + PAGE), late, calendar)));
  }
  if (signal.aborted) throw new MagamError('RUN_STOPPED', 'Stopped by a signal; the same command continues.');
  const waiting = open.flatMap((seller) => {
    const reason = reasonOf(seller);
    return reason === undefined ? [] : [{ sellerId: seller.sellerId, reason }];
  });
  const sum = (of: (invoice: Omit<TaxInvoice, 'madeAt'>) => bigint): bigint =>
    made.reduce((total, invoice) => total + of(invoice), 0n);
  const amendments = made.filter(({ number }) => number > 1).length;
  return {
    month: month.month,
    dueOn: due,
    invoices: made.length,
    amendments,
    supplyMinor: sum(supplyOf),
    vatMinor: sum(vatOf),
    waiting,
  };
}

/** Throws TAX_INVOICE_MONTH_NOT_OVER, PLATFORM_BUSINESS_NUMBER_MISSING, DATE_NOT_SETTLED. */
export async function requireInvoiceable(
  db: Db,
  { month, today, platform }: Pick<MakeInvoices, 'month' | 'today' | 'platform'>,
): Promise<void> {
  if (month.to >= today)
    throw new MagamError('TAX_INVOICE_MONTH_NOT_OVER', undefined, { month: month.month, lastDay: month.to, today });
  if (platform.businessNumber === null)
    throw new MagamError('PLATFORM_BUSINESS_NUMBER_MISSING', undefined, { setting: 'MAGAM_BUSINESS_NUMBER' });
  await requireExportable(db, month.from, month.to);
}

/** @param late whether settlements count that are on no statement */
async function makePage(
  db: Db,
  { month, today, platform, userName }: MakeInvoices,
  sellers: readonly OpenSeller[],
  late: boolean,
  calendar: BusinessCalendar,
): Promise<Omit<TaxInvoice, 'madeAt'>[]> {
  const known = new Map(sellers.map((seller) => [seller.sellerId, seller]));
  return inTransaction(db, async (tx) => {
    await lockMonth(tx, month);
    await claimSettlements(tx, month, [...known.keys()], !late);
    const claimed = await readClaimed(tx, month, [...known.keys()]);
    const invoices = claimed.flatMap(({ sellerId, number, sums }) => {
      const seller = known.get(sellerId) as OpenSeller;
      const amounts = invoiceAmounts(sums);
      if (isZero(amounts)) return [];
      // An amendment bears the day on which its reason arises (Enforcement Decree of the Value-Added Tax Act, Article 70 (1) 3).
      const issuedOn = number === 1 ? month.to : today;
      return {
        month: month.month,
        sellerId,
        number,
        sellerName: seller.sellerName ?? '',
        sellerBusinessNumber: seller.sellerBusinessNumber ?? '',
        platformName: platform.name,
        platformBusinessNumber: platform.businessNumber ?? '',
        issuedOn,
        dueOn: dueOn(issuedOn, calendar),
        calendarVersion: calendar.version,
        ...amounts,
        madeBy: userName,
      };
    });
    await insertInvoices(tx, invoices);
    if (invoices.length > 0)
      await recordAudit(tx, {
        caller: null,
        userName,
        requestId: null,
        action: 'tax-invoices.make',
        subjectType: 'tax-invoices',
        subjectId: month.month,
        before: null,
        after: { invoices: invoices.map(({ sellerId, number }) => ({ sellerId, number })) },
      });
    return invoices;
  });
}
