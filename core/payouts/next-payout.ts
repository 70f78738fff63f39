/** The next payout of a seller: its date, its amount, its parts, and what could still change it. */
import { type Db, inSnapshot } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { readSeller } from '../accounts/stores/seller.js';
import { listBankAccounts } from '../accounts/stores/seller-bank-account.js';
import { businessCalendar } from '../business-days/keep-calendar.js';
import { readWallets, type Wallet } from '../ledger/stores/wallet.js';
import { type Preview, previewSeller } from '../statements/preview.js';
import { readPayablesOf } from '../statements/stores/payable-account.js';
import { type Candidate, casesOf } from './pay-cases.js';
import { type DuePart, type MayChange, type NextDate, nextDate } from './rules/next-payout.js';
import type { PayableAccount } from './stores/pay-case.js';
import { listPayouts, type Payout } from './stores/payout.js';

export interface NextPayout {
  readonly currency: string;
  /** Payouts that are not paid and not cancelled. */
  readonly underWay: readonly Payout[];
  /** Null: nothing falls due. */
  readonly next: NextDate | null;
  readonly mayChange: readonly { readonly code: MayChange; readonly details: Readonly<Record<string, unknown>> }[];
}

const PAYOUTS_MAX = 1_000;
const ENDED: readonly Payout['status'][] = ['PAID', 'CANCELLED'];

/** By currency; empty where nothing was ever posted for the seller. @param today business date */
export async function nextPayouts(db: Db, sellerId: string, today: string): Promise<NextPayout[]> {
  const drafts = await draftsOf(db, sellerId, today);
  return inSnapshot(db, async (view) => {
    const accounts = await readPayablesOf(view, sellerId);
    const wallets = await readWallets(view, sellerId);
    const account = await bankAccountChanges(view, sellerId);
    const next: NextPayout[] = [];
    for (const payable of accounts) {
      const { currency } = payable;
      const payouts = await listPayouts(view, { sellerId, currency }, PAYOUTS_MAX);
      const underWay = payouts.filter(({ status }) => !ENDED.includes(status));
      const own = drafts.filter(({ statement }) => statement.currency === currency);
      const { found, known } = await nextOf(view, payable, own, today);
      const wallet = wallets.find((one) => one.currency === currency);
      next.push({
        ...{ currency, underWay, next: withoutEmptyDrafts(found, own) },
        mayChange: [...changesOf(known, found, wallet, own), ...account, ...failed(underWay)],
      });
    }
    return next.sort((a, b) => (a.currency < b.currency ? -1 : 1));
  });
}

/** The drafts of the periods that are not closed. Who has no terms, or a period without an end, has none. */
async function draftsOf(db: Db, sellerId: string, today: string): Promise<Preview[]> {
  try {
    return await previewSeller(db, { sellerId, at: today, calendar: await businessCalendar(db) });
  } catch (error) {
    if (error instanceof MagamError && NO_DRAFT.includes(error.code)) return [];
    throw error;
  }
}

const NO_DRAFT: readonly string[] = [
  'TERMS_MISSING',
  'STATEMENT_PERIOD_ENDLESS',
  'STATEMENT_SELLER_UNKNOWN',
  'BUSINESS_DAY_UNKNOWN',
];

async function nextOf(
  view: Db,
  account: PayableAccount,
  drafts: readonly Preview[],
  today: string,
): Promise<{ readonly found: NextDate | undefined; readonly known: Candidate }> {
  const caseOf = async (date: string): Promise<Candidate> => {
    const found = (await casesOf(view, [account], date))[0] as Candidate;
    const availableMinor = found.known.availableMinor + postedByCloses(drafts, date);
    return { ...found, known: { ...found.known, availableMinor } };
  };
  const known = await caseOf(today);
  const parts: DuePart[] = [...known.statements, ...known.later, ...drafts.map(({ statement }) => statement)].map(
    ({ statementId, periodFrom, closesOn, payoutOn, earnedMinor, hash }) => ({
      ...{ statementId, periodFrom, closesOn, payoutOn, earnedMinor, hash },
    }),
  );
  const cases = new Map([[today, known]]);
  for (const { payoutOn } of parts)
    if (payoutOn > today && !cases.has(payoutOn)) cases.set(payoutOn, await caseOf(payoutOn));
  return { found: nextDate(parts, today, (date) => (cases.get(date) ?? known).known), known };
}

/**
 * A seller with a balance has a draft for each open period, also where nothing has happened in it. Such drafts count as periods that a minimum is carried through, but
 * there is nothing to show of them. Null: there is nothing else.
 */
function withoutEmptyDrafts(found: NextDate | undefined, drafts: readonly Preview[]): NextDate | null {
  const empty = new Set(drafts.filter(isEmpty).map(({ statement }) => statement.hash));
  const parts = found?.parts.filter(({ hash }) => !empty.has(hash)) ?? [];
  return found === undefined || parts.length === 0 ? null : { ...found, parts };
}

const isEmpty = ({ draft: { settlements, items, newItems } }: Preview): boolean =>
  settlements.length + items.length + newItems.length === 0;

/** What a draft is made of is on the account already, except the transactions that its close posts: reserves, and what the seller owes. */
const postedByCloses = (drafts: readonly Preview[], date: string): bigint =>
  drafts
    .filter(({ statement }) => statement.payoutOn <= date)
    .flatMap(({ draft }) => draft.newItems)
    .reduce((sum, { amountMinor }) => sum + amountMinor, 0n);

type Change = NextPayout['mayChange'][number];

function changesOf(
  { terms, known, currency }: Candidate,
  next: NextDate | undefined,
  wallet: Wallet | undefined,
  drafts: readonly Preview[],
): Change[] {
  const minimum = terms?.minimums.find((one) => one.currency === currency);
  const hold = known.suspended ? 'the seller is suspended' : terms?.hold?.reason;
  const draft = drafts.find(({ statement }) => next?.parts.some(({ hash }) => hash === statement.hash))?.statement;
  return [
    ...(draft === undefined ? [] : [{ code: 'PERIOD_OPEN', details: { closesOn: draft.closesOn } } as const]),
    ...(wallet === undefined || wallet.paidNotSettledMinor === 0n
      ? []
      : [{ code: 'ORDERS_NOT_SETTLED', details: { amountMinor: wallet.paidNotSettledMinor } } as const]),
    ...(hold === undefined ? [] : [{ code: 'ON_HOLD', details: { hold } } as const]),
    ...(minimum === undefined ? [] : [{ code: 'MINIMUM', details: { minimumMinor: minimum.amountMinor } } as const]),
    ...(terms === null || terms.reserve === null ? [] : [{ code: 'RESERVE', details: { ...terms.reserve } } as const]),
    ...(wallet === undefined || wallet.owedMinor === 0n
      ? []
      : [{ code: 'DEBT', details: { owedMinor: wallet.owedMinor } } as const]),
  ];
}

/** An account that still waits, or a proposed one, whose approval voids the approvals of payouts. */
async function bankAccountChanges(view: Db, sellerId: string): Promise<Change[]> {
  const seller = await readSeller(view, sellerId);
  const proposed = (await listBankAccounts(view, sellerId, undefined, 20)).find(({ status }) => status === 'PROPOSED');
  const waits = seller?.payoutFrom === undefined || seller.payoutFrom === null;
  return [
    ...(waits ? [{ code: 'BANK_ACCOUNT_MISSING', details: {} } as const] : []),
    ...(proposed === undefined
      ? []
      : [{ code: 'BANK_ACCOUNT_PROPOSED', details: { bankAccountId: proposed.bankAccountId } } as const]),
  ];
}

const failed = (underWay: readonly Payout[]): Change[] =>
  underWay
    .filter(({ status }) => status === 'FAILED' || status === 'RETURNED')
    .map(({ payoutId, status }) => ({ code: 'PAYOUT_FAILED', details: { payoutId, status } }) as const);
