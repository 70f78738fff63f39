/** `magam receivables`: what sellers owe on a date, by age. */
import type { Command } from 'commander';
import { listReceivables, type Receivable } from '../core/adjustments/stores/receivable.js';
import type { Db } from '../infra/database.js';
import { MagamError } from '../kernel/errors.js';
import { isExternalId } from '../kernel/external-id.js';
import { readDate, withDatabase } from './context.js';
import { money, print, printJson, printTable } from './output.js';

interface Options {
  readonly at: string;
  readonly seller?: string;
}

export function receivablesCommand(command: Command): void {
  command
    .option('--at <date>', 'YYYY-MM-DD, today or yesterday', 'today')
    .option('--seller <seller>', 'only the receivables of this seller')
    .action((options: Options, command: Command) => show(options, command));
}

const PAGE_ROWS = 1_000;
const AMOUNTS = ['to30Minor', 'to60Minor', 'to90Minor', 'over90Minor', 'owedMinor'] as const;
type Total = Pick<Receivable, 'currency' | (typeof AMOUNTS)[number]>;

const show = ({ at, seller }: Options, command: Command): Promise<void> => {
  if (seller !== undefined && !isExternalId(seller)) throw new MagamError('ID_INVALID', undefined, { seller });
  return withDatabase(command, async ({ db, json, today }) => {
    const date = readDate(at, today);
    const receivables = await readAll(db, date, seller);
    const totals = totalsOf(receivables);
    if (json) return printJson({ at: date, receivables, totals });
    if (receivables.length === 0) return print(`No seller owed anything on ${date}.`);
    const columns = ['0–30 days', '31–60', '61–90', 'over 90', 'owed'];
    const amounts = (one: Total): string[] => AMOUNTS.map((name) => money(one[name], one.currency));
    printTable(
      ['seller', ...columns, 'since'],
      [
        ...receivables.map((one) => [one.sellerId, ...amounts(one), one.oldestOn]),
        ...totals.map((one) => ['all', ...amounts(one), '']),
      ],
      columns,
    );
  });
};

async function readAll(db: Db, at: string, sellerId: string | undefined): Promise<Receivable[]> {
  const all: Receivable[] = [];
  for (;;) {
    const page = await listReceivables(db, at, { sellerId, after: all.at(-1) }, PAGE_ROWS);
    all.push(...page);
    if (page.length < PAGE_ROWS) return all;
  }
}

function totalsOf(receivables: readonly Receivable[]): Total[] {
  const totals = new Map<string, Total>();
  for (const one of receivables) {
    const { currency } = one;
    const sum = totals.get(currency);
    const added = AMOUNTS.map((name) => [name, (sum?.[name] ?? 0n) + one[name]] as const);
    totals.set(currency, { currency, ...(Object.fromEntries(added) as Omit<Total, 'currency'>) });
  }
  return [...totals.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1));
}
