/** `magam ledger verify`, `magam statements verify`, `magam payouts verify`: they add the books up again, print each check, and exit with 4 if there is a difference. */
import type { Command } from 'commander';
import colours from 'picocolors';
import { auditedOf, type BooksVerification, tellBooks, verifyBooks } from '../batch/jobs/verify/verify-books.js';
import type { Books } from '../core/ledger/rules/verify-books-task.js';
import { errorText } from '../infra/database-errors.js';
import { errors, MagamError } from '../kernel/errors.js';
import { auditCommand } from './audit.js';
import { withDatabase } from './context.js';
import { counted, money, note, noteDifference, print, printJson, printTable } from './output.js';

interface BooksWords {
  readonly description: string;
  readonly code: 'LEDGER_DIFFERS' | 'STATEMENTS_DIFFER' | 'PAYOUTS_DIFFER';
  readonly verdict: (ok: boolean) => string;
}

const WORDS: Readonly<Record<Books, BooksWords>> = {
  ledger: {
    description: 'add the ledger up again from its postings',
    code: 'LEDGER_DIFFERS',
    verdict: (ok) => `The ledger ${ok ? 'equals' : 'DIFFERS from'} the sums of its postings`,
  },
  statements: {
    description: 'add the statements up again from their settlements and transactions, in one consistent view',
    code: 'STATEMENTS_DIFFER',
    verdict: (ok) => `The statements ${ok ? 'equal' : 'DIFFER from'} the sums of their parts`,
  },
  payouts: {
    description:
      'compare payouts with their statements, transfers and history and with the ledger, in one consistent view',
    code: 'PAYOUTS_DIFFER',
    verdict: (ok) => `The payouts ${ok ? 'agree' : 'DO NOT AGREE'} with everything else`,
  },
};

/** Adds the subcommand `verify` to the command of these books. */
export function verifyBooksCommand(command: Command, books: Books): void {
  command
    .command('verify')
    .description(WORDS[books].description)
    .action((_options: object, verifying: Command) => verify(books, verifying));
}

const verify = (books: Books, command: Command): Promise<void> =>
  withDatabase(command, async ({ db, config, json, signal }) => {
    // The signal may have come before the listener was added.
    if (signal.aborted) throw new MagamError('RUN_STOPPED', 'Stopped by a signal.');
    signal.addEventListener('abort', () => process.exit(errors.RUN_STOPPED.exit)); // it only reads, so there is nothing to finish
    const started = performance.now();
    const verification = await verifyBooks(db, books, signal);
    const seconds = Math.round(performance.now() - started) / 1000;
    if (json) printJson({ ...verification, seconds });
    else tellVerified(books, verification, seconds);
    // An auditor's account and a replica can only read; they can verify all the same.
    await auditCommand(db, config, {
      action: 'books.verify',
      subject: ['books', books],
      after: auditedOf(verification),
    });
    await tellBooks(db, books, verification).catch((error: unknown) =>
      note(`The alarm of this verification could not be raised or ended: ${errorText(error)}`),
    );
    if (!verification.ok) noteDifference(WORDS[books].code);
  });

function tellVerified(books: Books, verification: BooksVerification, seconds: number): void {
  const { ok, checks, trialBalances = [], transactions, postings, statements, payouts } = verification;
  printTable(
    ['', 'check', 'first difference'],
    checks.map(({ name, difference }) => [
      difference === null ? colours.green('ok') : colours.red('FAIL'),
      name,
      difference && `${difference.place}: expected ${difference.expected}, actual ${difference.actual}`,
    ]),
  );
  if (trialBalances.length > 0) {
    print();
    printTable(
      ['debits', 'credits'],
      trialBalances.map(({ currency, debitMinor, creditMinor }) => [
        money(debitMinor, currency),
        money(creditMinor, currency),
      ]),
      ['debits', 'credits'],
    );
  }
  const counts = Object.entries({
    transaction: transactions,
    posting: postings,
    statement: statements,
    payout: payouts,
  })
    .filter(([, found]) => found !== undefined)
    .map(([noun, found]) => counted(found ?? 0, noun));
  print(`\n${WORDS[books].verdict(ok)}: ${counts.join(', ')}, ${seconds} s.`);
}
