/** How fast does a file of the same sales come in? The feed of the date as CSV, imported by the command into a fresh database. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db, streamArrays } from '../infra/database.js';
import { formatAmount } from '../kernel/money.js';
import { dropDatabase, makeDatabase } from './database.js';
import { runMagam } from './magam-command.js';
import type { Usage } from './report-usage.js';
import type { BenchServer, Cost } from './server.js';

export interface ImportResult {
  readonly lines: number;
  readonly fileBytes: number;
  readonly cost: Cost;
  readonly usage: Usage;
}

const HEADER =
  'order_id,line_id,seller_id,product_id,category,currency,quantity,ordered_on,confirmed_on,unit_price,shipping_fee,seller_discount,platform_discount';
const COLUMNS = HEADER.replace('confirmed_on', 'occurred_on');
const FIRST_AMOUNT = 9;
const CURRENCY = 5;

/** Writes the file, imports it into the database of `targetUrl` (made for it, and dropped), measures the import. */
export async function measureImport(
  db: Db,
  server: BenchServer,
  date: string,
  lines: number,
  targetUrl: string,
): Promise<ImportResult> {
  const folder = await mkdtemp(join(tmpdir(), 'magam-bench-'));
  const file = join(folder, 'lines.csv');
  try {
    await writeFile(db, date, file);
    await makeDatabase(targetUrl);
    const { result, cost } = await server.observe(() => runMagam(targetUrl, ['import', 'lines', file]));
    return { lines, fileBytes: (await stat(file)).size, cost, usage: result.usage };
  } finally {
    await dropDatabase(targetUrl);
    await rm(folder, { recursive: true });
  }
}

/** No value of the synthetic feed needs quotes. */
async function writeFile(db: Db, date: string, file: string): Promise<void> {
  const output = createWriteStream(file);
  output.write(`${HEADER}\n`);
  for await (const batch of streamArrays(db, `SELECT ${COLUMNS} FROM sale_entry WHERE settled_on = ?`, [date], 1_000)) {
    let text = '';
    for (const row of batch) {
      const currency = String(row[CURRENCY]);
      for (let at = FIRST_AMOUNT; at < row.length; at += 1) row[at] = formatAmount(Number(row[at]), currency);
      text += `${row.join(',')}\n`;
    }
    if (!output.write(text)) await once(output, 'drain');
  }
  output.end();
  await once(output, 'close');
}
