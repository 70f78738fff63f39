/** `magam statements list`, `show`, `lines` and `preview`. */
import type { Command } from 'commander';
import { businessCalendar } from '../core/business-days/keep-calendar.js';
import { feeVatParts } from '../core/settlement/rules/currency-totals.js';
import type { SettledRow } from '../core/settlement/stores/line-page.js';
import { previewSeller } from '../core/statements/preview.js';
import type { KindSum, Statement } from '../core/statements/rules/statement.js';
import { contentOf, isPayout } from '../core/statements/rules/sums.js';
import { collected, itemsOf, linePagesOf, settlementsOf } from '../core/statements/statement-contents.js';
import type { StatementLine } from '../core/statements/statement-lines.js';
import { listStatements, readStatement, type StatementHead } from '../core/statements/stores/statement.js';
import { MagamError } from '../kernel/errors.js';
import { found } from '../kernel/outcome.js';
import { readDate, wholeNumber, withDatabase } from './context.js';
import { money, print, printJson, printTable, write } from './output.js';

interface ListOptions {
  readonly seller?: string;
  readonly from?: string;
  readonly to?: string;
  readonly state?: string;
  readonly limit: number;
}

const statementId = wholeNumber('<id>', 1, 9_999_999_999);

export function showCommands(statements: Command): void {
  statements
    .command('list')
    .description('list the issued statements, the latest period first')
    .option('--seller <id>', 'of one seller')
    .option('--from <date>', 'periods that end on this date or later')
    .option('--to <date>', 'periods that end on this date or before it')
    .option('--state <state>', 'issued or paid')
    .option('--limit <n>', 'rows', wholeNumber('--limit', 1, 10_000), 50)
    .action((options: ListOptions, command: Command) => list(options, command));
  statements
    .command('show')
    .argument('<id>', 'id of a statement', statementId)
    .description('show a statement with its settlements and transactions')
    .action((id: number, _options: object, command: Command) => show(id, command));
  statements
    .command('lines')
    .argument('<id>', 'id of a statement', statementId)
    .description('list every line of a statement, with the certificate of its settlement')
    .action((id: number, _options: object, command: Command) => lines(id, command));
  statements
    .command('preview')
    .argument('<seller>', 'id of a seller')
    .description('show the statement that closing the running period of a seller would make, and its hash')
    .option('--at <date>', 'the period that contains this date (default: today)', 'today')
    .action((seller: string, { at }: { at: string }, command: Command) => preview(seller, at, command));
}

async function list(options: ListOptions, command: Command): Promise<void> {
  const { state } = options;
  if (state !== undefined && state !== 'issued' && state !== 'paid')
    throw new MagamError('USAGE', `--state takes issued or paid, not ${JSON.stringify(state)}.`);
  await withDatabase(command, async ({ db, json, today }) => {
    const dateOf = (text: string | undefined) => (text === undefined ? undefined : readDate(text, today));
    const { seller: sellerId, limit } = options;
    const filter = { sellerId, state, from: dateOf(options.from), to: dateOf(options.to) } as const;
    const rows = await listStatements(db, filter, undefined, limit + 1);
    const statements = rows.slice(0, limit);
    if (json) return printJson({ statements, more: rows.length > limit });
    if (statements.length === 0) return print('There are no such statements.');
    const right = ['id', 'number', 'opening', 'earned', 'closing'];
    printTable(
      ['id', 'seller', 'number', 'period', 'payout', 'state', 'opening', 'earned', 'closing'],
      statements.map((it) => [
        ...[it.statementId, it.sellerId, it.number, `${it.periodFrom} to ${it.closesOn}`, it.payoutOn, it.state],
        ...[it.openingMinor, it.earnedMinor, it.closingMinor].map((amount) => money(amount, it.currency)),
      ]),
      right,
    );
    if (rows.length > limit)
      print(`\nThere are more: --limit sets how many are shown, --from and --to choose periods.`);
  });
}

async function show(id: number, command: Command): Promise<void> {
  await withDatabase(command, async ({ db, json }) => {
    const statement = found(await readStatement(db, id), 'STATEMENT_NOT_FOUND', { statementId: id });
    const settlements = await collected(settlementsOf(db, id));
    const items = await collected(itemsOf(db, id));
    if (json) return printJson({ ...statement, settlements, items });
    printStatement(statement);
    if (settlements.length > 0) {
      print();
      printTable(
        ['date', 'generation', 'sales', 'refunds', 'net', 'certificate'],
        settlements.map((it) => [
          ...[it.settledOn, it.generation, it.sales, it.refunds, money(it.figures.net, statement.currency)],
          it.certificate,
        ]),
        ['generation', 'sales', 'refunds', 'net'],
      );
    }
    if (items.length === 0) return;
    print();
    printTable(
      ['transaction', 'date', 'kind', 'amount', 'reason'],
      items.map((it) => [
        ...[it.transactionId, it.effectiveOn, it.kind, money(it.amountMinor, statement.currency), it.reason],
      ]),
      ['transaction', 'amount'],
    );
  });
}

/** The way from the opening to the closing balance, with sales and refunds separately. */
function printStatement(statement: Statement & Partial<Pick<StatementHead, 'issuedBy'>>): void {
  const { statementId, sellerId, number, currency, state, sales, refunds, sums } = statement;
  const of = statementId === null ? 'Draft of statement' : `Statement ${statementId},`;
  print(
    `${of} number ${number} of ${sellerId} in ${currency}, ${statement.periodFrom} to ${statement.closesOn}: ${state}.`,
  );
  print(
    `Payout date ${statement.payoutOn}, by version ${statement.termsVersion} of the terms of ${statement.termsSeller ?? 'all sellers'} and version ${statement.calendarVersion} of the calendar.`,
  );
  const amount = (value: bigint): string => money(value, currency);
  const part = (text: string, of: (figures: Statement['sales']['figures']) => bigint): string[] => {
    const [sold, back] = [of(sales.figures), of(refunds.figures)];
    return [text, amount(sold), amount(back), amount(sold + back)];
  };
  const movement = ({ kind, transactions, amountMinor }: KindSum): string[] => [
    ...[`  ${kind} (${transactions})`, '', '', amount(amountMinor)],
  ];
  const paid = (sum: KindSum): boolean => isPayout({ about: sum.kind });
  printTable(
    ['', `sales (${sales.entries})`, `refunds (${refunds.entries})`, 'sum'],
    [
      ['opening balance', '', '', amount(statement.openingMinor)],
      part('  item amount', (it) => it.itemAmount),
      part('  seller discount', (it) => -it.sellerDiscount),
      part('  shipping fee', (it) => it.shippingFee),
      part('  fee', (it) => -it.fee),
      part('  fee VAT on top', (it) => -feeVatParts(it).feeVatOnTop),
      part('  PG fee', (it) => -it.pgFee),
      part('  PG fee VAT', (it) => -it.pgFeeVat),
      part('net of settlements', (it) => it.net),
      ...sums.filter((sum) => !paid(sum)).map(movement),
      ['earned', '', '', amount(statement.earnedMinor)],
      ...sums.filter(paid).map(movement),
      ['closing balance', '', '', amount(statement.closingMinor)],
      part('(fee VAT contained in the fee)', (it) => feeVatParts(it).feeVatContained),
      part('(platform discount, paid by the platform)', (it) => it.platformDiscount),
    ],
    [`sales (${sales.entries})`, `refunds (${refunds.entries})`, 'sum'],
  );
  print(`hash ${statement.hash}`);
}

const AMOUNTS = ['fee', 'fee_vat', 'net'];
const COLUMNS = ['settled_on', 'generation', 'leg', 'order_id', 'line_id', 'refund_id', 'quantity', ...AMOUNTS];

async function lines(id: number, command: Command): Promise<void> {
  await withDatabase(command, async ({ db, json }) => {
    let empty = true;
    for await (const page of linePagesOf(db, id)) {
      if (json) await write(`${empty ? '[' : ','}\n${page.map(lineText).join(',\n')}`);
      else printLines(page);
      empty = false;
    }
    if (json) await write(empty ? '[]\n' : '\n]\n');
    else if (empty) print('No line is on this statement.');
  });
}

const lineText = ({ row, certificate }: StatementLine): string =>
  JSON.stringify({ ...row, leg: legOf(row.leg), certificate });

const printLines = (page: readonly StatementLine[]): void =>
  printTable(
    [...COLUMNS, 'certificate'],
    page.map(({ row, certificate }) => [...COLUMNS.map((name) => shownCell(name, row)), certificate?.slice(0, 12)]),
    ['quantity', ...AMOUNTS],
  );

function shownCell(name: string, row: SettledRow): string | number | undefined {
  if (name === 'leg') return legOf(row.leg);
  return AMOUNTS.includes(name) ? money(row[name] ?? 0, String(row.currency)) : row[name];
}

const legOf = (leg: string | number | undefined): string => (Number(leg) === 0 ? 'sale' : 'refund');

async function preview(sellerId: string, at: string, command: Command): Promise<void> {
  await withDatabase(command, async ({ db, json, today }) => {
    const calendar = await businessCalendar(db);
    const drafts = await previewSeller(db, { sellerId, at: readDate(at, today), calendar });
    if (json)
      return printJson({
        sellerId,
        drafts: drafts.map(({ statement, draft }) => ({
          ...statement,
          settlements: draft.settlements.map(contentOf).map(({ settledOn, generation, sales, refunds, figures }) => ({
            ...{ settledOn, generation, sales, refunds },
            net: figures.net,
          })),
          items: [...draft.items, ...draft.newItems].map(({ key, kind, amountMinor }) => ({ key, kind, amountMinor })),
        })),
      });
    if (drafts.length === 0)
      print(`${sellerId}: nothing is open for the period; magam statements list lists what is closed.`);
    for (const [index, { statement }] of drafts.entries()) {
      if (index > 0) print();
      printStatement(statement);
    }
  });
}
