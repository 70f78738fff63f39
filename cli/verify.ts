/** `magam verify`: recomputes a closed date from what is stored, prints each check, exits 4 at a difference. */
import type { Command } from 'commander';
import colours from 'picocolors';
import { WorkerPools } from '../batch/engine/worker-pool.js';
import { verifyDate } from '../batch/jobs/verify/verify-date.js';
import { errors } from '../kernel/errors.js';
import { readDate, withDatabase } from './context.js';
import { counted, note, print, printJson, printTable } from './output.js';
import { startProgress } from './progress.js';

export function verifyCommand(command: Command): void {
  command
    .requiredOption('--date <date>', 'YYYY-MM-DD, today or yesterday')
    .action((options: { date: string }, command: Command) => verify(options.date, command));
}

async function verify(text: string, command: Command): Promise<void> {
  await withDatabase(command, async ({ db, config, today, databaseUrl, json, signal }) => {
    signal.addEventListener('abort', () => process.exit(130)); // it only reads: there is nothing to finish
    const date = readDate(text, today);
    const started = performance.now();
    const progress = startProgress('Verifying', 'lines');
    const pools = new WorkerPools(config, databaseUrl);
    const result = await verifyDate({ db, config, pools, signal, onProgress: progress.update }, date).finally(() => {
      progress.stop();
      return pools.close();
    });
    const seconds = Math.round(performance.now() - started) / 1000;
    if (json)
      printJson({
        date,
        ok: result.ok,
        generations: result.generations,
        lines: result.lines,
        seconds,
        checks: result.checks,
      });
    else {
      printTable(
        ['', 'check', 'what'],
        result.checks.map((check) => [check.ok ? colours.green('ok') : colours.red('FAIL'), check.name, check.detail]),
      );
      for (const { name, expected, actual, detail } of result.checks.filter(({ ok }) => !ok)) {
        print(`\n${name}: ${detail ?? ''}\n  expected ${expected}\n  actual   ${actual}`);
      }
      const verdict = result.ok ? 'is as it was certified' : 'DIFFERS from what was certified';
      print(
        `\n${date} ${verdict}: ${counted(result.lines, 'line')}, ${counted(result.generations, 'certificate')}, ${seconds} s.`,
      );
    }
    if (result.ok) return;
    note(`VERIFICATION_FAILED: ${errors.VERIFICATION_FAILED.meaning}`);
    process.exitCode = errors.VERIFICATION_FAILED.exit;
  });
}
