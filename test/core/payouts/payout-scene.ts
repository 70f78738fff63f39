/** Sellers with issued statements, people who propose and approve, and what payouts, books and bank say afterwards. */
import { sealBankAccount } from '../../../core/accounts/bank-account.js';
import {
  approveBankAccount,
  endProposal,
  insertBankAccount,
} from '../../../core/accounts/stores/seller-bank-account.js';
import { postTransactions } from '../../../core/ledger/post-transactions.js';
import { onNormalSide } from '../../../core/ledger/rules/accounts.js';
import { postingsOf, type RuleName } from '../../../core/ledger/rules/posting-rules.js';
import { listAccounts } from '../../../core/ledger/stores/ledger-account.js';
import { readBalances } from '../../../core/ledger/stores/ledger-balance.js';
import { verifyLedger } from '../../../core/ledger/verify-ledger.js';
import { approvePayout } from '../../../core/payouts/change-payout.js';
import { type Exported, exportPayouts } from '../../../core/payouts/export-payouts.js';
import { type Proposed, proposePayouts } from '../../../core/payouts/propose-payouts.js';
import { type Payout, readPayout } from '../../../core/payouts/stores/payout.js';
import { verifyPayouts } from '../../../core/payouts/verify-payouts.js';
import { readPayablePage } from '../../../core/statements/stores/payable-account.js';
import { applyTerms } from '../../../core/terms/apply-terms.js';
import { readConfig } from '../../../infra/config.js';
import { change, type Db, insertReturningId, inTransaction, select, type Tx } from '../../../infra/database.js';
import { sha256 } from '../../../infra/sha256.js';
import { isRefusal, MagamError, type Refusal } from '../../../kernel/errors.js';
import { decided, found } from '../../../kernel/outcome.js';
import { makeSeller } from '../../support/accounts.js';
import { makeTerms } from '../../support/terms.js';

export const DATE = '2026-05-20';
export const KIM = { userName: 'kim' };
export const LEE = { userName: 'lee' };
const config = readConfig({ NODE_ENV: 'test' });
export const KEYS = config.encryptionKeys;
const MAKER = { name: 'kim', accountId: null, accessFrom: null };

const TABLES = [
  ...['payout', 'payout_statement', 'payout_event', 'payout_file', 'file_transfer', 'provider_transfer', 'statement'],
  ...[
    'statement_item',
    'statement_settlement',
    'ledger_account',
    'ledger_transaction',
    'ledger_posting',
    'ledger_balance',
  ],
  ...['ledger_day', 'seller', 'seller_bank_account', 'seller_terms', 'feed_event', 'job_instance', 'job_execution'],
  ...['run_plan', 'run_partition', 'run_partition_pass', 'statement_account', 'audit_log'],
];

/** The code of what was refused or thrown, or undefined. */
export const codeOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  try {
    const outcome = await work;
    return isRefusal(outcome) ? outcome.refused : undefined;
  } catch (error) {
    if (error instanceof MagamError) return error.code;
    throw error;
  }
};

interface StatementMade {
  readonly sellerId?: string;
  readonly currency?: string;
  readonly earned: bigint;
  readonly closesOn?: string;
  readonly payoutOn?: string;
}

export class PayoutScene {
  private posted = 0;
  constructor(readonly db: Db) {}

  readonly inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(this.db, work);

  /** Empty tables, and terms of all sellers without a minimum. */
  async reset(): Promise<void> {
    for (const table of TABLES) await change(this.db, `DELETE FROM ${table}`);
    await this.terms({ seller: null });
  }

  terms = (terms: Parameters<typeof makeTerms>[0]) => this.inTx((tx) => applyTerms(tx, [makeTerms(terms)], 'test'));
  seller = (sellerId: string): Promise<void> => makeSeller(this.db, sellerId);

  /** Posts an event of the ledger for a seller. */
  post = (rule: RuleName, amount: bigint, sellerId = 'S1', currency = 'KRW') => {
    this.posted += 1;
    return this.inTx((tx) =>
      postTransactions(tx, [
        {
          ...{ key: `test:${this.posted}`, kind: rule, sellerId, effectiveOn: '2026-05-01', requestedBy: 'test' },
          postings: postingsOf(rule, { sellerId, currency, provider: 'TOSS' }, { amount }),
        },
      ]),
    );
  };

  /** An issued statement whose only item is an adjustment of what it earned. @returns its id */
  async statement({
    sellerId = 'S1',
    currency = 'KRW',
    earned,
    closesOn,
    payoutOn = DATE,
  }: StatementMade): Promise<number> {
    const rule = earned < 0n ? 'ADJUSTMENT_FROM_SELLER' : 'ADJUSTMENT_TO_SELLER';
    const items = earned === 0n ? [] : await this.post(rule, earned < 0n ? -earned : earned, sellerId, currency);
    const [before] = await select<{ number: number; closing: string; closesOn: string }>(
      this.db,
      `SELECT number, closing_minor AS closing, closes_on AS closesOn FROM statement WHERE seller_id = ? AND currency = ? ORDER BY number DESC LIMIT 1`,
      [sellerId, currency],
    );
    const number = (before?.number ?? 0) + 1;
    const opening = BigInt(before?.closing ?? 0);
    const last = closesOn ?? `2026-05-${String(number).padStart(2, '0')}`;
    const statementId = await insertReturningId(
      this.db,
      `INSERT INTO statement (seller_id, currency, number, period_from, closes_on, payout_on, terms_version, calendar_version, opening_minor, earned_minor,
         closing_minor, hash, status, issued_at, issued_by) VALUES (?, ?, ?, ?, ?, ?, 1, 1, ?, ?, ?, ?, 'ISSUED', UTC_TIMESTAMP(3), 'test')`,
      [
        ...[
          sellerId,
          currency,
          number,
          last,
          last,
          payoutOn,
          String(opening),
          String(earned),
          String(opening + earned),
        ],
        sha256(`${sellerId} ${currency} ${number} ${earned}`),
      ],
    );
    for (const { transactionId } of items)
      await change(
        this.db,
        'INSERT INTO statement_item (transaction_id, statement_id, kind, amount_minor) VALUES (?, ?, ?, ?)',
        [transactionId, statementId, rule, String(earned)],
      );
    return statementId;
  }

  /** Kim proposes what is due. */
  propose = (date = DATE): Promise<Proposed[]> =>
    this.inTx(async (tx) =>
      proposePayouts(tx, await readPayablePage(tx, 0, Number.MAX_SAFE_INTEGER, 1_000), {
        date,
        maker: MAKER,
        runId: null,
      }),
    );

  /** A payout of S1 that Kim has proposed. */
  async proposed(earned = 1_000n, sellerId = 'S1'): Promise<Payout> {
    await this.seller(sellerId);
    await this.statement({ sellerId, earned });
    const made = (await this.propose()).find(({ candidate }) => candidate.sellerId === sellerId);
    return this.payout(found(made, 'PAYOUT_NOT_FOUND').payoutId);
  }

  /** Lee approves it as it is. */
  approve = (payout: Payout, person: Parameters<typeof approvePayout>[1] = LEE): Promise<Payout | Refusal> =>
    this.inTx((tx) => approvePayout(tx, person, payout));

  async approved(earned = 1_000n, sellerId = 'S1'): Promise<Payout> {
    return decided(await this.approve(await this.proposed(earned, sellerId)));
  }

  export = (more: Partial<Parameters<typeof exportPayouts>[3]> = {}): Promise<Exported> =>
    this.inTx((tx) =>
      exportPayouts(tx, 'kim', KEYS, { layout: 'csv', currency: 'KRW', transferOn: DATE, rowsMax: 100, ...more }),
    );

  payout = async (payoutId: number): Promise<Payout> =>
    found(await readPayout(this.db, payoutId), 'PAYOUT_NOT_FOUND', { payoutId });

  statusOf = async (payoutId: number): Promise<string> => (await this.payout(payoutId)).status;

  /** The seller is paid to another account after this many hours. @returns its id */
  changeAccount = (sellerId = 'S1', accountNumber = '220987654321', hours = 0): Promise<number> =>
    this.inTx((tx) => this.changeAccountIn(tx, sellerId, accountNumber, hours));

  async changeAccountIn(tx: Tx, sellerId: string, accountNumber: string, hours = 0): Promise<number> {
    const account = { bankCode: '088', accountHolder: sellerId, accountNumber };
    await endProposal(tx, sellerId, 'REPLACED', null);
    const sealed = sealBankAccount(config.encryptionKey, sellerId, account);
    const bankAccountId = decided(await insertBankAccount(tx, sellerId, sealed, null));
    await approveBankAccount(tx, { sellerId, bankAccountId }, null, hours);
    return bankAccountId;
  }

  /** The balances of a seller that are not zero, by kind, each on its normal side. */
  async balances(sellerId = 'S1'): Promise<Record<string, number>> {
    const accounts = await listAccounts(this.db, { owner: sellerId }, 0, 100);
    const balances = await readBalances(
      this.db,
      accounts.map(({ accountId }) => accountId),
    );
    const named = accounts.map(({ accountId, kind }) => [
      kind,
      Number(onNormalSide(kind, balances.get(accountId) ?? 0n)),
    ]);
    return Object.fromEntries(named.filter(([, balance]) => balance !== 0));
  }

  /** The checks of payouts and ledger that find a difference. */
  async differences(): Promise<string[]> {
    const { signal } = new AbortController();
    const checks = [...(await verifyPayouts(this.db, signal)).checks, ...(await verifyLedger(this.db, signal)).checks];
    return checks.filter(({ ok }) => !ok).map(({ name, difference }) => `${name}: ${JSON.stringify(difference)}`);
  }
}

/** The result file of the bank in the layout csv, for references with their results. */
export function resultFile(
  file: string,
  results: readonly (readonly [reference: string, amount: number | string, result: string, date?: string])[],
): Buffer {
  const total = results.reduce((sum, [, amount]) => sum + Number(amount), 0);
  const lines = [
    'record,sequence,reference,date,amount,currency,result,message',
    ...results.map(
      ([reference, amount, result, date = DATE], i) => `RESULT,${i + 1},${reference},${date},${amount},KRW,${result},`,
    ),
    `TOTAL,${results.length},${file},${DATE},${total},KRW,,`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}
