/** Books that are kept from files to bank results, day after day: by the commands, and by the use cases of people where two are needed or the day is not today. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markFileSent } from '../../core/payouts/export-payouts.js';
import { importResults } from '../../core/payouts/import-results.js';
import { fileNumber } from '../../core/payouts/rules/file-number.js';
import { listPayouts } from '../../core/payouts/stores/payout.js';
import { select } from '../../infra/database.js';
import { decided } from '../../kernel/outcome.js';
import { AdjustmentScene } from '../core/adjustments/adjustment-scene.js';
import { PayoutScene, resultFile } from '../core/payouts/payout-scene.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { magamJson } from '../support/magam.js';

export interface Due {
  readonly sellerId: string;
  readonly amountMinor: number;
  readonly notPaid: { readonly reason: string } | null;
}

/** A file for the bank. */
export interface SentFile {
  readonly fileId: number;
  /** Its number. */
  readonly file: string;
  /** The amounts (minor units) by reference. */
  readonly transfers: readonly (readonly [reference: string, amount: number])[];
}

const MONEY_EVENTS = "WHERE type LIKE 'statement.%' OR type LIKE 'payout.%'";
/** Tables of amounts and their states. Executions, audit log and times of checks may grow. */
const MONEY_TABLES = [
  ...['sale_entry', 'refund_entry', 'settlement', 'settlement_line', 'settlement_certificate', 'posted_generation'],
  ...['ledger_account', 'ledger_transaction', 'ledger_posting', 'ledger_balance', 'ledger_day', 'adjustment'],
  ...['statement', 'statement_settlement', 'statement_item', 'statement_total', 'statement_reserve', 'feed_event'],
  ...['payout', 'payout_statement', 'payout_event', 'payout_file', 'file_transfer', 'seller_terms'],
];

export class Bookkeeper {
  readonly payouts: PayoutScene;
  readonly entries: AdjustmentScene;
  private readonly folder = mkdtempSync(join(tmpdir(), 'magam-books-'));

  private constructor(readonly database: TestDatabase) {
    this.payouts = new PayoutScene(database.db);
    this.entries = new AdjustmentScene(database.db);
  }

  static create = async (): Promise<Bookkeeper> => new Bookkeeper(await createTestDatabase());

  async end(): Promise<void> {
    rmSync(this.folder, { recursive: true });
    await this.database.drop();
  }

  /** A command that must succeed; entries may be parked. */
  async run<T>(...args: string[]): Promise<T> {
    const { code, document } = await magamJson<T>(this.database.url, args);
    if (code !== 0 && code !== 3)
      throw new Error(`magam ${args.join(' ')} exited ${code}: ${JSON.stringify(document)}`);
    return document;
  }

  /** Writes a file for a command. @returns its path */
  file(name: string, content: string | object): string {
    const path = join(this.folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  /** Settles a date and posts it, if there is anything on it. */
  async settle(date: string): Promise<void> {
    const [open] = await select(
      this.database.db,
      'SELECT 1 FROM sale_entry WHERE settled_on = ? UNION ALL SELECT 1 FROM refund_entry WHERE settled_on = ? LIMIT 1',
      [date, date],
    );
    if (open === undefined) return;
    await this.run('settle', '--date', date, '--workers', '1');
    await this.run('ledger', 'post', '--date', date);
  }

  close = (date: string): Promise<object> => this.run('statements', 'close', '--date', date, '--workers', '1');

  /** The sellers who are due on a date. */
  due = async (date: string): Promise<Due[]> =>
    (await this.run<{ payouts: Due[] }>('payouts', 'propose', '--date', date, '--dry-run')).payouts;

  propose = (date: string): Promise<object> => this.run('payouts', 'propose', '--date', date, '--workers', '1');

  /** Approves the proposed payouts, and gives them to the bank for the day. */
  async send(date: string): Promise<SentFile> {
    for (const payout of await listPayouts(this.database.db, { status: 'CALCULATED' }, 100))
      decided(await this.payouts.approve(payout));
    const made = await this.export(date);
    if (made === undefined) throw new Error(`nothing to send on ${date}`);
    decided(await this.mark(made));
    return made;
  }

  /** Puts the approved payouts into a file, which is not marked as sent yet. @returns undefined: nothing is approved */
  async export(date: string): Promise<SentFile | undefined> {
    const { file } = await this.payouts.export({ transferOn: date });
    if (file === null) return undefined;
    const { db } = this.database;
    const transfers = await select<{ reference: string; amount: string }>(
      db,
      `SELECT CONCAT('P', t.payout_id, '-', t.attempt) AS reference, p.amount_minor AS amount FROM file_transfer t JOIN payout p USING (payout_id)
       WHERE t.file_id = ? ORDER BY 1`,
      [file.fileId],
    );
    const { fileId } = file;
    return {
      ...{ fileId, file: fileNumber(fileId) },
      transfers: transfers.map((one) => [one.reference, Number(one.amount)]),
    };
  }

  mark = ({ fileId }: SentFile) => this.payouts.inTx((tx) => markFileSent(tx, 'kim', fileId));

  /** What the bank says of every transfer of a file. @returns the file, to be imported again */
  async result(date: string, { file, transfers }: SentFile, result = 'PAID'): Promise<Buffer> {
    const content = resultFile(
      file,
      transfers.map(([reference, amount]) => [reference, amount, result, date]),
    );
    await this.importResult(date, content);
    return content;
  }

  importResult = async (date: string, content: Buffer) =>
    decided(await this.payouts.inTx((tx) => importResults(tx, 'kim', 'csv', content, date)));

  /** Every verification of the books: exits with 0, or throws. */
  async verify(): Promise<void> {
    for (const room of ['ledger', 'statements', 'payouts']) await this.run(room, 'verify');
  }

  /** Every row of the tables of money, as text. */
  async dump(): Promise<Record<string, string[]>> {
    const tables: Record<string, string[]> = {};
    for (const table of MONEY_TABLES)
      tables[table] = (
        await select(this.database.db, `SELECT * FROM ${table} ${table === 'feed_event' ? MONEY_EVENTS : ''}`)
      )
        .map((row) => JSON.stringify(row))
        .sort();
    return tables;
  }
}
