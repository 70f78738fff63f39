/** `magam terms`: loads the terms on which sellers are paid and shows what is stored. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { applyTerms, findTermsFaults } from '../core/terms/apply-terms.js';
import type { Period } from '../core/terms/rules/periods.js';
import { type Cycle, type Delay, termsToFile } from '../core/terms/rules/seller-terms.js';
import { whose } from '../core/terms/rules/terms-book.js';
import { parseTermsFile } from '../core/terms/rules/terms-file.js';
import { readTermsPage, type StoredTerms } from '../core/terms/stores/seller-terms.js';
import { termsOfSeller } from '../core/terms/terms-of-seller.js';
import { inTransaction } from '../infra/database.js';
import { MagamError } from '../kernel/errors.js';
import { isExternalId } from '../kernel/external-id.js';
import { auditIn } from './audit.js';
import { readDate, withDatabase } from './context.js';
import { counted, print, printJson, printTable } from './output.js';
import { readTextFile } from './text-file.js';

export function termsCommands(terms: Command): void {
  terms
    .command('apply')
    .argument('<file>', 'file of terms (JSON)')
    .description('store the terms of a file: all of them or, with every fault named, none')
    .action((file: string, _options, command: Command) => apply(file, command));
  terms
    .command('list')
    .description('list every version of the terms, those of all sellers and those of single sellers')
    .action((_options, command: Command) => list(command));
  terms
    .command('show')
    .argument('<seller>', 'id of a seller')
    .description('show the terms in force for a seller on a date, and the period that the date belongs to')
    .option('--at <date>', 'YYYY-MM-DD, today or yesterday (default: today)')
    .action((seller: string, { at = 'today' }: { at?: string }, command: Command) => show(seller, at, command));
}

async function apply(file: string, command: Command): Promise<void> {
  const parsed = parseTermsFile(await readTextFile(file));
  await withDatabase(command, async ({ db, config, json }) => {
    if ('faults' in parsed) {
      const faults = [...parsed.faults, ...(await findTermsFaults(db, parsed.sound))];
      throw new MagamError('TERMS_FILE_INVALID', undefined, { file, faults });
    }
    const result = await inTransaction(db, async (tx) => {
      const applied = await applyTerms(tx, parsed.terms, config.userName);
      if (applied.applied.length > 0)
        await auditIn(tx, config, {
          action: 'terms.apply',
          subject: ['terms', String(applied.revision)],
          after: { ...applied, file: basename(file) },
        });
      return applied;
    });
    if (json) return printJson(result);
    for (const key of result.applied) print(`applied    ${whose(key)} version ${key.version}`);
    for (const key of result.unchanged) print(`unchanged  ${whose(key)} version ${key.version}`);
  });
}

async function list(command: Command): Promise<void> {
  await withDatabase(command, async ({ db, json }) => {
    const versions = await readTermsPage(db, undefined, ROWS_MAX);
    if (json) return printJson({ terms: versions.map(record) });
    printTable(
      ['seller', 'version', 'from', 'to', 'cycle', 'payout', 'hold', 'applied'],
      versions.map((terms) => [
        whose(terms),
        terms.version,
        terms.effectiveFrom,
        terms.effectiveTo ?? 'open',
        cycleText(terms.cycle),
        delayText(terms.delay),
        terms.hold === null ? '' : 'hold',
        `${terms.appliedAt} by ${terms.appliedBy}`,
      ]),
      ['version'],
    );
  });
}

/** No book of terms has so many versions, so the list is complete. */
const ROWS_MAX = 4_294_967_295;

async function show(seller: string, at: string, command: Command): Promise<void> {
  if (!isExternalId(seller)) throw new MagamError('ID_INVALID', undefined, { seller });
  await withDatabase(command, async ({ db, today, json }) => {
    const date = readDate(at, today);
    const { span, period, own } = await termsOfSeller(db, seller, date);
    const versions = own.map(({ version }) => version);
    if (json) {
      const { from, to, terms } = span;
      return printJson({
        seller,
        at: date,
        inForceFrom: from,
        inForceThrough: to,
        terms: record(terms),
        period,
        versions,
      });
    }
    print(`${seller} on ${date}: version ${span.terms.version} of ${whose(span.terms)}`);
    print(`in force from ${span.from}${span.to === null ? '' : ` through ${span.to}`}`);
    print(`${cycleText(span.terms.cycle)}, ${delayText(span.terms.delay)}`);
    print(periodText(period));
    print(JSON.stringify(termsToFile(span.terms), null, 2));
  });
}

const record = (terms: StoredTerms): object => ({
  ...termsToFile(terms),
  revision: terms.revision,
  appliedBy: terms.appliedBy,
  appliedAt: terms.appliedAt,
});

function cycleText(cycle: Cycle): string {
  switch (cycle.type) {
    case 'daily':
    case 'half-monthly':
      return cycle.type;
    case 'weekly':
      return `weekly, closes on ${cycle.closesOn}`;
    case 'monthly':
      return cycle.closesOn === 31 ? 'monthly, closes on the last day' : `monthly, closes on day ${cycle.closesOn}`;
    case 'dates':
      return `on ${cycle.closesOn.length} given dates`;
  }
}

const delayText = ({ unit, count }: Delay): string =>
  `${counted(count, unit === 'days' ? 'day' : 'business day')} after`;

function periodText({ from, closesOn, payoutOn, cut, calendarVersion }: Period): string {
  if (closesOn === null) return `period from ${from}; the cycle has no date yet on which it closes`;
  const why = cut ? ' (cut by the end of these terms)' : '';
  return `period ${from} to ${closesOn}${why}, paid out on ${payoutOn} by version ${calendarVersion} of the calendar`;
}
