/** `magam settlements` and `magam lines`: what was settled on a date, for other systems. Columns and order are fixed. */
import { type Command, Option } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { MagamError } from '../domain/errors.js';
import { isExternalId } from '../domain/external-id.js';
import { formatAmount } from '../domain/money.js';
import { type Cell, type Db, inSnapshot } from '../infra/database.js';
import { readPolicies } from '../infra/stores/fee-policy.js';
import { readSettledDate, type SettledDate, streamLines, streamSettlements } from '../infra/stores/settlement.js';
import { readDate, withDatabase } from './context.js';
import { note, write } from './output.js';

/** `text` and `count` are written as they are; an `amount` is in major units in CSV and in minor units in JSON. */
interface Column {
  readonly name: string;
  readonly kind: 'text' | 'count' | 'amount';
}

const columns = (kind: Column['kind'], ...names: string[]): Column[] => names.map((name) => ({ name, kind }));

const lineColumns: readonly Column[] = [
  ...columns('text', 'order_id', 'line_id', 'leg', 'refund_id', 'seller_id', 'currency'),
  ...columns('count', 'quantity'),
  ...columns('amount', 'item_amount', 'seller_discount', 'platform_discount', 'shipping_fee', 'buyer_paid', 'fee_base'),
  ...columns('amount', 'fee', 'fee_vat'),
  ...columns('text', 'fee_vat_mode'),
  ...columns('amount', 'pg_fee', 'pg_fee_vat', 'net'),
  ...columns('text', 'policy_code'),
  ...columns('count', 'policy_version'),
  ...columns('text', 'settled_on'),
];

const settlementColumns: readonly Column[] = [
  ...columns('text', 'seller_id', 'currency'),
  ...columns('count', 'sales', 'refunds'),
  ...columns('amount', 'item_amount', 'seller_discount', 'platform_discount', 'shipping_fee'),
  ...columns('amount', 'fee', 'fee_vat', 'pg_fee', 'pg_fee_vat', 'net'),
  ...columns('text', 'settled_on'),
];

interface ExportOptions {
  readonly date: string;
  readonly format?: 'csv' | 'json';
  readonly seller?: string;
  readonly spreadsheetSafe?: true;
}

/** Rows in batches, in the order of the columns, read in the snapshot `db`. */
type Source = (db: Db, date: string, settled: SettledDate) => AsyncIterable<Cell[][]>;

export function exportCommands(program: Command): void {
  exportCommand(program, 'settlements', 'export what each seller is owed for a date').action(
    (options: ExportOptions, command: Command) => exportRows(command, options, settlementColumns, settlementRows),
  );
  exportCommand(program, 'lines', 'export every settled line of a date')
    .option('--seller <id>', 'only the lines of this seller')
    .action((options: ExportOptions, command: Command) => {
      const { seller = null } = options;
      if (seller !== null && !isExternalId(seller)) {
        throw new MagamError('USAGE', `${JSON.stringify(seller)} is not a seller id.`, { option: '--seller' });
      }
      return exportRows(command, options, lineColumns, lineRows(seller));
    });
}

function exportCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .requiredOption('--date <date>', 'YYYY-MM-DD, today or yesterday')
    .addOption(new Option('--format <format>', 'csv, or json (as --json)').choices(['csv', 'json']))
    .option('--spreadsheet-safe', 'in CSV, keep a spreadsheet from running cells as formulas (alters such cells)');
}

async function* settlementRows(db: Db, date: string, { generation }: SettledDate): AsyncGenerator<Cell[][]> {
  for await (const batch of streamSettlements(db, date, generation)) {
    for (const row of batch) row.push(date);
    yield batch;
  }
}

function lineRows(seller: string | null): Source {
  return async function* rows(db, date, { generation }) {
    const policies = new Map((await readPolicies(db)).map(({ policyId, policy }) => [policyId, policy]));
    for await (const batch of streamLines(db, date, generation, seller)) {
      for (const row of batch) {
        const policyId = row.pop();
        const policy = policies.get(Number(policyId));
        if (policy === undefined) throw new MagamError('POLICY_UNREADABLE', undefined, { policyId });
        row.splice(15, 0, policy.vat.mode);
        row.push(policy.code, policy.version, date);
      }
      yield batch;
    }
  };
}

async function exportRows(
  command: Command,
  options: ExportOptions,
  fields: readonly Column[],
  source: Source,
): Promise<void> {
  await withDatabase(command, async ({ db, config, json, signal }) => {
    // Nothing needs to be undone here, and waiting for the rest of a million rows helps nobody.
    signal.addEventListener('abort', () => process.exit(130));
    const date = readDate(options.date, config.timeZone);
    const writeRows = json || options.format === 'json' ? writeJson : writeCsv;
    await inSnapshot(db, async (snapshot) => {
      // The reader of a pipe may take its time; by default the server gives up after a minute.
      await snapshot.raw('SET SESSION net_write_timeout = 86400');
      const settled = await readSettledDate(snapshot, date);
      if (settled.status === 'CLOSING') {
        throw new MagamError('DATE_NOT_CLOSED', `${date} is being settled; it can be exported when it is closed.`, {
          date,
        });
      }
      if (settled.status !== 'CLOSED') note(`${date} is not settled: there is nothing to export.`);
      await writeRows(
        fields,
        settled.status === 'CLOSED' ? source(snapshot, date, settled) : [],
        options.spreadsheetSafe === true,
      );
    });
  });
}

type Batches = AsyncIterable<Cell[][]> | Iterable<Cell[][]>;

/** A header and one record a row, quoted only where needed, lines ending in LF. */
async function writeCsv(fields: readonly Column[], batches: Batches, spreadsheetSafe: boolean): Promise<void> {
  const currencyAt = fields.findIndex((field) => field.name === 'currency');
  const amounts = fields.flatMap((field, at) => (field.kind === 'amount' ? [at] : []));
  const csv = (rows: readonly (readonly Cell[])[]): string =>
    stringify(rows as Cell[][], { escape_formulas: spreadsheetSafe });
  await write(csv([fields.map((field) => field.name)]));
  for await (const batch of batches) {
    for (const row of batch) {
      const currency = String(row[currencyAt]);
      for (const at of amounts) row[at] = formatAmount(exactInteger(row[at]), currency);
    }
    await write(csv(batch));
  }
}

/** An array of one object a row; integers are written with all their digits. */
async function writeJson(fields: readonly Column[], batches: Batches): Promise<void> {
  const keys = fields.map((field) => `${JSON.stringify(field.name)}:`);
  let before = '[\n';
  for await (const batch of batches) {
    const objects = batch.map((row) => {
      const members = row.map(
        (cell, at) => `${keys[at]}${fields[at]?.kind === 'text' ? JSON.stringify(cell) : String(cell)}`,
      );
      return `{${members.join(',')}}`;
    });
    await write(`${before}${objects.join(',\n')}`);
    before = ',\n';
  }
  await write(before === '[\n' ? '[]\n' : '\n]\n');
}

/** A number where it is safe, else the digits that the driver gave as text. */
function exactInteger(cell: Cell | undefined): number | bigint {
  return typeof cell === 'number' ? cell : BigInt(String(cell));
}
