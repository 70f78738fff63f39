/** `magam seed`: a deterministic synthetic feed with its fee policies. */
import { type Command, InvalidArgumentError } from 'commander';
import { SYNTHETIC_POLICIES_FROM } from '../core/sample/rules/synthetic-policies.js';
import { seedFeed } from '../core/sample/seed-feed.js';
import { MagamError } from '../kernel/errors.js';
import { readDate, wholeNumber, withDatabase } from './context.js';
import { count, print, printJson } from './output.js';
import { startProgress } from './progress.js';

interface SeedOptions {
  readonly lines: number;
  readonly sellers: number;
  readonly date: string;
  readonly seed: string;
}

export function seedCommand(seed: Command): void {
  seed
    .requiredOption('--lines <n>', 'sales on the date', wholeNumber('--lines', 1, 100_000_000))
    .requiredOption('--sellers <n>', 'sellers, a few of which hold most lines', wholeNumber('--sellers', 1, 1_000_000))
    .requiredOption('--date <date>', 'the date: YYYY-MM-DD, today or yesterday')
    .option('--seed <text>', 'another seed gives other entries', seedText, '1')
    .action(async (options: SeedOptions, command: Command) => {
      await withDatabase(command, async ({ db, config, today, json, signal }) => {
        const started = performance.now();
        const date = seedableDate(readDate(options.date, today));
        const progress = startProgress('Seeding', 'entries');
        const { outageMs, userName: requestedBy } = config;
        const { update: onProgress, outage: onOutage } = progress;
        const request = { ...options, date, requestedBy, outageMs, signal, onProgress, onOutage };
        const result = await seedFeed(db, request).finally(progress.stop);
        const seconds = Math.round(performance.now() - started) / 1_000;
        if (json) printJson({ ...result, seconds });
        else if (result.alreadySeeded) print(`${date} is seeded with these numbers already: nothing was changed.`);
        else {
          print(
            `Seeded ${date} in ${seconds} s: ${count(result.lines)} sales of ${count(result.sellers)} sellers, ${count(result.refunds)} refunds, ` +
              `${count(result.laterEntries)} sales of later dates, ${result.policies} fee policies.`,
          );
        }
      });
    });
}

function seedText(text: string): string {
  if (/^[A-Za-z0-9._-]{1,24}$/.test(text)) return text;
  throw new InvalidArgumentError('It takes 1 to 24 of A-Z a-z 0-9 . _ -');
}

/** The synthetic policies are in force from their first day on, and refunds follow within a week of the date. */
function seedableDate(date: string): string {
  const [from, to] = [`${Number(SYNTHETIC_POLICIES_FROM.slice(0, 4)) + 1}-01-01`, '9999-12-01'];
  if (date >= from && date <= to) return date;
  throw new MagamError('DATE_INVALID', `A date to seed lies between ${from} and ${to}.`, { date });
}
