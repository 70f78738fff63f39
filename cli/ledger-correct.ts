/** `magam ledger close`, `reopen` and `reverse`: corrections of the ledger. The audit log records them. */
import type { Command } from 'commander';
import { closeAccount, reopenAccount } from '../core/ledger/close-account.js';
import { reverseAlone } from '../core/ledger/reverse-transaction.js';
import { accountName } from '../core/ledger/rules/accounts.js';
import { inTransaction } from '../infra/database.js';
import { decided } from '../kernel/outcome.js';
import { auditIn } from './audit.js';
import { readDate, readReason, wholeNumber, withDatabase } from './context.js';
import { print, printJson } from './output.js';

const idOf = wholeNumber('ID', 1, 9_999_999_999);

export function correctLedgerCommands(ledger: Command): void {
  ledger
    .command('close')
    .argument('<account-id>', 'id of an account')
    .description('close an account whose balance is zero: nothing is posted to it until it is opened again')
    .action((id: string, _options: object, command: Command) => setStatus('close', idOf(id), command));
  ledger
    .command('reopen')
    .argument('<account-id>', 'id of an account')
    .description('open a closed account again')
    .action((id: string, _options: object, command: Command) => setStatus('reopen', idOf(id), command));
  ledger
    .command('reverse')
    .argument('<transaction-id>', 'id of a transaction')
    .description('post the opposite of a payment, of its cancellation or of a rounding; once')
    .requiredOption('--reason <text>', 'why', readReason)
    .option('--effective <date>', 'date that the reversal counts for: YYYY-MM-DD, today or yesterday', 'today')
    .action((id: string, options: ReverseOptions, command: Command) => reverse(idOf(id), options, command));
}

const setStatus = (verb: 'close' | 'reopen', accountId: number, command: Command): Promise<void> =>
  withDatabase(command, async ({ db, config, json }) => {
    const account = await inTransaction(db, async (tx) => {
      const changed = decided(await (verb === 'close' ? closeAccount : reopenAccount)(tx, accountId));
      const { kind, owner, currency, closedAt } = changed;
      await auditIn(tx, config, {
        action: `ledger-account.${verb}`,
        subject: ['ledger-account', String(accountId)],
        after: { kind, owner, currency, closedAt },
      });
      return changed;
    });
    if (json) return printJson(account);
    const state = account.closedAt === null ? 'is open' : `was closed at ${account.closedAt}`;
    print(`Account ${accountId}, ${accountName(account)}, ${state}.`);
  });

interface ReverseOptions {
  readonly reason: string;
  readonly effective: string;
}

const reverse = (transactionId: number, { reason, effective }: ReverseOptions, command: Command): Promise<void> =>
  withDatabase(command, async ({ db, config, json, today }) => {
    const effectiveOn = readDate(effective, today);
    const reversalId = await inTransaction(db, async (tx) => {
      const reversal = { effectiveOn, reason, requestedBy: config.userName };
      const posted = decided(await reverseAlone(tx, transactionId, reversal));
      await auditIn(tx, config, {
        action: 'ledger-transaction.reverse',
        subject: ['ledger-transaction', String(transactionId)],
        after: { reversalId: posted.transactionId, effectiveOn, reason },
      });
      return posted.transactionId;
    });
    if (json) return printJson({ transactionId, reversalId, effectiveOn, reason });
    print(`Transaction ${reversalId} takes transaction ${transactionId} back, for ${effectiveOn}.`);
  });
