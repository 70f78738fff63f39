/** A seller's wallet: the balances of its accounts, currency by currency. */
import { type Db, select } from '../../../infra/database.js';
import { type AccountKind, onNormalSide } from '../rules/accounts.js';

/** Where the seller's money is (minor units). */
export interface Wallet {
  readonly currency: string;
  readonly paidNotSettledMinor: bigint;
  readonly payableMinor: bigint;
  readonly reservedMinor: bigint;
  readonly onItsWayMinor: bigint;
  readonly paidOutMinor: bigint;
  /** What the seller owes the platform. */
  readonly owedMinor: bigint;
}

const FIELDS = {
  paidNotSettledMinor: 'BUYER_FUNDS_HELD',
  payableMinor: 'SELLER_PAYABLE',
  reservedMinor: 'SELLER_RESERVE',
  onItsWayMinor: 'PAYOUT_IN_TRANSIT',
  paidOutMinor: 'PAID_OUT',
  owedMinor: 'SELLER_RECEIVABLE',
} as const satisfies Record<Exclude<keyof Wallet, 'currency'>, AccountKind>;
const NAMES = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

/** By currency; empty: nothing was ever posted. */
export async function readWallets(db: Db, sellerId: string): Promise<Wallet[]> {
  const rows = await select<{ kind: AccountKind; currency: string; amount: string }>(
    db,
    `SELECT a.kind, a.currency, COALESCE(SUM(b.amount_minor), 0) AS amount FROM ledger_account a FORCE INDEX (ledger_account_owner)
     LEFT JOIN ledger_balance b ON b.account_id = a.account_id WHERE a.owner = ? AND a.kind IN (?) GROUP BY a.kind, a.currency`,
    [sellerId, Object.values(FIELDS)],
  );
  return [...new Set(rows.map(({ currency }) => currency))].sort().map((currency) => {
    const of = (kind: AccountKind): bigint => {
      const row = rows.find((one) => one.kind === kind && one.currency === currency);
      return row === undefined ? 0n : onNormalSide(kind, BigInt(row.amount));
    };
    const balances = Object.fromEntries(NAMES.map((name) => [name, of(FIELDS[name])]));
    return { currency, ...(balances as Omit<Wallet, 'currency'>) };
  });
}
