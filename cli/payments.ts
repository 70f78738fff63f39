/** `magam payments verify`: compares payments with orders, checkout by checkout; exits with 4 if there is a difference. */
import type { Command } from 'commander';
import { type OrderedWithin, type PaymentVerification, verifyPayments } from '../core/payments/verify-payments.js';
import { errors, MagamError } from '../kernel/errors.js';
import { readDate, withDatabase } from './context.js';
import { counted, money, note, print, printJson, printTable } from './output.js';

interface Options {
  readonly date?: string;
  readonly from?: string;
  readonly to?: string;
}

export function paymentsCommands(command: Command): void {
  command
    .command('verify')
    .description('compare the payments of each checkout with the amounts of its orders, in one consistent view')
    .option('--date <date>', 'checkouts of this date: YYYY-MM-DD, today or yesterday (default: all)')
    .option('--from <date>', 'first date of a range, instead of --date')
    .option('--to <date>', 'last date of the range (default: --from)')
    .action((options: Options, command: Command) => verify(options, command));
}

const verify = (options: Options, command: Command): Promise<void> => {
  const { date, from, to } = options;
  if ((date !== undefined && from !== undefined) || (to !== undefined && from === undefined))
    throw new MagamError('USAGE', 'Give either --date, or --from and --to, or none of them.');
  return withDatabase(command, async ({ db, json, signal, today }) => {
    // The signal may have come before the listener was added.
    if (signal.aborted) throw new MagamError('RUN_STOPPED', 'Stopped by a signal.');
    signal.addEventListener('abort', () => process.exit(errors.RUN_STOPPED.exit)); // it only reads, so there is nothing to finish
    const within = readDates(options, today);
    const started = performance.now();
    const verification = await verifyPayments(db, within, signal);
    const seconds = Math.round(performance.now() - started) / 1000;
    if (json) printJson({ from: within?.from ?? null, to: within?.to ?? null, ...verification, seconds });
    else tell(verification, within, seconds);
    if (verification.ok) return;
    note(`PAYMENTS_DIFFER: ${errors.PAYMENTS_DIFFER.meaning}`);
    process.exitCode = errors.PAYMENTS_DIFFER.exit;
  });
};

function readDates({ date, from = date, to = from }: Options, today: string): OrderedWithin | null {
  if (from === undefined || to === undefined) return null;
  const within = { from: readDate(from, today), to: readDate(to, today) };
  if (within.from > within.to) throw new MagamError('USAGE', `--from ${within.from} is later than --to ${within.to}.`);
  return within;
}

function tell(verification: PaymentVerification, within: OrderedWithin | null, seconds: number): void {
  const { ok, checkouts, differing, differences, totals } = verification;
  if (!ok) {
    printTable(
      ['checkout', 'part', 'payments', 'orders', 'difference'],
      differences.map(({ checkoutId, currency, part, paymentsMinor, ordersMinor }) => [
        checkoutId,
        part,
        money(paymentsMinor, currency),
        money(ordersMinor, currency),
        money(paymentsMinor - ordersMinor, currency),
      ]),
      ['checkout', 'payments', 'orders', 'difference'],
    );
    if (new Set(differences.map(({ checkoutId }) => checkoutId)).size < differing)
      note('There are more: only the first thousand differences are shown.');
    print();
  }
  const columns = ['charged', 'given back', 'on its way back', 'kept', 'sold', 'sold by hand'];
  printTable(
    columns,
    totals.map(({ currency, chargedMinor, backMinor, returningMinor, keptMinor, soldMinor, byHandMinor }) =>
      [chargedMinor, backMinor, returningMinor, keptMinor, soldMinor, byHandMinor].map((minor) =>
        money(minor, currency),
      ),
    ),
    columns,
  );
  const dates =
    within === null ? '' : within.from === within.to ? ` of ${within.from}` : ` of ${within.from} to ${within.to}`;
  const verdict = ok ? 'match the orders' : `DIFFER from the orders at ${counted(differing, 'checkout')}`;
  print(`\nThe payments${dates} ${verdict}: ${counted(checkouts, 'checkout')}, ${seconds} s.`);
}
