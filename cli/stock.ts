/** `magam stock verify`: checks that stock, its journal and its reservations agree for every unit; exits with 4 if there is a difference. */
import type { Command } from 'commander';
import { type StockVerification, verifyStock } from '../core/stock/verify-stock.js';
import { errors, MagamError } from '../kernel/errors.js';
import { auditCommand } from './audit.js';
import { withDatabase } from './context.js';
import { count, counted, note, noteDifference, print, printJson, printTable } from './output.js';

export function stockCommands(command: Command): void {
  command
    .command('verify')
    .description('compare the stock of every unit with its journal and its reservations, in one consistent view')
    .action((_options, command: Command) => verify(command));
}

const verify = (command: Command): Promise<void> =>
  withDatabase(command, async ({ db, config, json, signal }) => {
    // The signal may have come before the listener was added.
    if (signal.aborted) throw new MagamError('RUN_STOPPED', 'Stopped by a signal.');
    signal.addEventListener('abort', () => process.exit(errors.RUN_STOPPED.exit)); // it only reads, so there is nothing to finish
    const started = performance.now();
    const verification = await verifyStock(db, signal);
    const seconds = Math.round(performance.now() - started) / 1000;
    if (json) printJson({ ...verification, seconds });
    else tell(verification, seconds);
    await auditCommand(db, config, {
      action: 'stock.verify',
      subject: ['stock', 'all'],
      after: { ok: verification.ok, units: verification.units, differing: verification.differing },
    });
    if (!verification.ok) noteDifference('STOCK_DIFFERS');
  });

function tell({ ok, units, movements, differing, differences }: StockVerification, seconds: number): void {
  if (!ok) {
    printTable(
      ['unit', 'part', 'stock', 'journal', 'reservations'],
      differences.map(({ unitId, part, stock, journal, reservations }) => [
        unitId,
        part,
        count(stock),
        count(journal),
        reservations === null ? '' : count(reservations),
      ]),
      ['unit', 'stock', 'journal', 'reservations'],
    );
    if (new Set(differences.map(({ unitId }) => unitId)).size < differing)
      note('There are more: only the first thousand differences are shown.');
    print();
  }
  const verdict = ok ? 'matches its journal and its reservations' : `DIFFERS at ${counted(differing, 'unit')}`;
  print(`Stock ${verdict}: ${counted(units, 'unit')}, ${counted(movements, 'movement')}, ${seconds} s.`);
}
