/** What the ledger says: `magam ledger balances`, `accounts`, `transactions`, `show` and `wallet`. They only read. */
import { type Command, Option } from 'commander';
import { ACCOUNT_KIND_NAMES, type AccountKind, accountName, onNormalSide } from '../core/ledger/rules/accounts.js';
import { listAccounts, readAccount } from '../core/ledger/stores/ledger-account.js';
import {
  readBalances,
  readKindBalances,
  type TrialBalance,
  trialBalancesOf,
} from '../core/ledger/stores/ledger-balance.js';
import { listTransactionsOf, readTransaction } from '../core/ledger/stores/ledger-transaction.js';
import { readWallets } from '../core/ledger/stores/wallet.js';
import { MagamError } from '../kernel/errors.js';
import { isExternalId } from '../kernel/external-id.js';
import { found } from '../kernel/outcome.js';
import { readCurrency, readDate, wholeNumber, withDatabase } from './context.js';
import { count, money, note, print, printJson, printTable } from './output.js';

const idOf = wholeNumber('ID', 1, 9_999_999_999);

export function showLedgerCommands(ledger: Command): void {
  ledger
    .command('balances')
    .description('show the trial balance: the debits and credits of each kind of account, now or as of a date')
    .option('--as-of <date>', 'what counts for this date or an earlier one: YYYY-MM-DD, today or yesterday')
    .option('--owner <owner>', 'only the accounts of this seller, provider or shop')
    .action((options: BalanceOptions, command: Command) => balances(options, command));
  ledger
    .command('accounts')
    .description('list accounts with their balances, the first 1,000 after an id')
    .addOption(new Option('--kind <kind>', 'only accounts of this kind').choices(ACCOUNT_KIND_NAMES))
    .option('--owner <owner>', 'only those of this seller, provider or shop')
    .option('--currency <currency>', 'only those in this currency', readCurrency)
    .option('--after <id>', 'only those with a later id', idOf)
    .action((options: AccountOptions, command: Command) => accounts(options, command));
  ledger
    .command('transactions')
    .argument('<account-id>', 'id of an account')
    .description('list the transactions of an account, the newest 100')
    .action((id: string, _options: object, command: Command) => transactions(idOf(id), command));
  ledger
    .command('show')
    .argument('<transaction-id>', 'id of a transaction')
    .description('show a transaction with its postings')
    .action((id: string, _options: object, command: Command) => show(idOf(id), command));
  ledger
    .command('wallet')
    .argument('<seller>', 'id of a seller')
    .description("show where a seller's money is: not settled, payable, reserved, on its way, paid out, owed")
    .action((seller: string, _options: object, command: Command) => wallet(seller, command));
}

interface BalanceOptions {
  readonly asOf?: string;
  readonly owner?: string;
}

/** Ids of owners are external ids: a seller, a provider, or the shop whose lines come by file. */
function requireOwner(owner: string | undefined): void {
  if (owner !== undefined && !isExternalId(owner)) throw new MagamError('ID_INVALID', undefined, { owner });
}

const balances = ({ asOf, owner }: BalanceOptions, command: Command): Promise<void> => {
  requireOwner(owner);
  return withDatabase(command, async ({ db, json, today }) => {
    const date = asOf === undefined ? undefined : readDate(asOf, today);
    const kinds = await readKindBalances(db, { asOf: date, owner });
    const totals = trialBalancesOf(kinds);
    if (json) return printJson({ asOf: date ?? null, owner: owner ?? null, balances: kinds, totals });
    if (kinds.length === 0) return print('Nothing is posted.');
    printTable(
      ['account', 'accounts', 'debit', 'credit'],
      [
        ...kinds.map((one) => [one.kind, count(one.accounts), ...sidesOf(one)]),
        ...totals.map((one) => ['all', '', ...sidesOf(one)]),
      ],
      ['accounts', 'debit', 'credit'],
    );
  });
};

const sidesOf = ({ debitMinor, creditMinor, currency }: TrialBalance): string[] =>
  [debitMinor, creditMinor].map((amount) => money(amount, currency));

interface AccountOptions {
  readonly kind?: AccountKind;
  readonly owner?: string;
  readonly currency?: string;
  readonly after?: number;
}

const LISTED = 1_000;

const accounts = ({ after = 0, ...filter }: AccountOptions, command: Command): Promise<void> => {
  requireOwner(filter.owner);
  return withDatabase(command, async ({ db, json }) => {
    const listed = await listAccounts(db, filter, after, LISTED);
    const amounts = await readBalances(
      db,
      listed.map(({ accountId }) => accountId),
    );
    const shown = listed.map((one) => ({
      ...one,
      balanceMinor: onNormalSide(one.kind, amounts.get(one.accountId) ?? 0n),
    }));
    const last = listed.length === LISTED ? (listed.at(-1)?.accountId ?? null) : null;
    if (json) return printJson({ accounts: shown, next: last });
    if (shown.length === 0) return print('There are no such accounts.');
    printTable(
      ['id', 'account', 'owner', 'balance', 'closed'],
      shown.map((one) => [
        ...[one.accountId, one.kind, one.owner, money(one.balanceMinor, one.currency), one.closedAt],
      ]),
      ['id', 'balance'],
    );
    if (last !== null) note(`There are more: --after ${last} lists them.`);
  });
};

const NEWEST = 100;

const transactions = (accountId: number, command: Command): Promise<void> =>
  withDatabase(command, async ({ db, json }) => {
    const account = found(await readAccount(db, accountId), 'LEDGER_ACCOUNT_NOT_FOUND', { accountId });
    const listed = await listTransactionsOf(db, accountId, undefined, NEWEST);
    if (json) return printJson({ account, transactions: listed });
    print(`Account ${accountId}: ${accountName(account)}`);
    printTable(
      ['id', 'recorded', 'for', 'kind', 'seller', 'debit', 'credit', 'key'],
      listed.map(({ postings, ...one }) => [
        ...[one.transactionId, one.recordedAt, one.effectiveOn, one.kind, one.sellerId],
        ...columnsOf(
          postings.reduce((sum, it) => (it.accountId === accountId ? sum + it.amountMinor : sum), 0n),
          account.currency,
        ),
        one.key,
      ]),
      ['id', 'debit', 'credit'],
    );
  });

/** An amount in the column of its side. */
const columnsOf = (amountMinor: bigint, currency: string): string[] =>
  amountMinor < 0n ? ['', money(-amountMinor, currency)] : [money(amountMinor, currency), ''];

const show = (transactionId: number, command: Command): Promise<void> =>
  withDatabase(command, async ({ db, json }) => {
    const transaction = found(await readTransaction(db, transactionId), 'LEDGER_TRANSACTION_NOT_FOUND', {
      transactionId,
    });
    if (json) return printJson(transaction);
    const { kind, sellerId, effectiveOn, recordedAt, requestedBy, key, reason, reversesId, reversedById, postings } =
      transaction;
    print(`Transaction ${transactionId}: ${kind}, ${sellerId}, for ${effectiveOn}`);
    print(`Recorded at ${recordedAt} by ${requestedBy}, key ${key}`);
    if (reason !== '') print(`Reason: ${reason}`);
    if (reversesId !== null) print(`Reverses transaction ${reversesId}`);
    if (reversedById !== null) print(`Reversed by transaction ${reversedById}`);
    print();
    printTable(
      ['account', 'id', 'debit', 'credit'],
      postings.map(({ account, accountId, amountMinor }) => [
        ...[accountName(account), accountId, ...columnsOf(amountMinor, account.currency)],
      ]),
      ['id', 'debit', 'credit'],
    );
  });

const wallet = (sellerId: string, command: Command): Promise<void> => {
  if (!isExternalId(sellerId)) throw new MagamError('ID_INVALID', undefined, { seller: sellerId });
  return withDatabase(command, async ({ db, json }) => {
    const wallets = await readWallets(db, sellerId);
    if (json) return printJson({ sellerId, wallets });
    if (wallets.length === 0) return print(`Nothing was ever posted for ${sellerId}.`);
    const columns = ['not settled', 'payable', 'reserved', 'on its way', 'paid out', 'owed'];
    printTable(
      columns,
      wallets.map((one) =>
        [
          ...[one.paidNotSettledMinor, one.payableMinor, one.reservedMinor],
          ...[one.onItsWayMinor, one.paidOutMinor, one.owedMinor],
        ].map((amount) => money(amount, one.currency)),
      ),
      columns,
    );
  });
};
