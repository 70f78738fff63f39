/** A file of the synthetic day's sales: imported by the real command, and loaded by the database alone. */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { SyntheticFeed, type SyntheticFeedOptions } from '../core/sample/rules/synthetic-feed.js';
import { type Db, openDatabase, select } from '../infra/database.js';
import type { RowWriter } from '../infra/stores/row-writer.js';
import { formatAmount } from '../kernel/money.js';
import { runMagam } from './magam-command.js';
import { say } from './measure.js';
import type { Usage } from './report-usage.js';
import type { BenchServer, Cost } from './server.js';

export interface ImportSample {
  readonly cost: Cost;
  readonly usage: Usage;
}

/** Both are written as they are in the file; multiplied by 10 to the power of the currency's decimals they are minor units. */
const MAJOR = ['unit_price', 'shipping_fee', 'seller_discount', 'platform_discount'] as const;
const HEADER = `order_id,line_id,seller_id,product_id,category,currency,quantity,ordered_on,confirmed_on,${MAJOR.join(',')}`;
const TEXT_CHARACTERS = 1_000_000;

/** Writes the sales of the day; no value of the synthetic feed needs quotes. Returns the bytes of the file. */
export async function writeSalesFile(options: SyntheticFeedOptions, file: string): Promise<number> {
  const feed = new SyntheticFeed(options);
  const output = createWriteStream(file);
  let text = `${HEADER}\n`;
  for (let slot = 0; slot < feed.slots; slot += 1) {
    const sale = feed.sale(slot);
    if (sale.occurredOn !== options.date) continue;
    const { orderId, lineId, sellerId, productId, category, currency, quantity, orderedOn, occurredOn } = sale;
    const amounts = [sale.unitPrice, sale.shippingFee, sale.sellerDiscount, sale.platformDiscount];
    const names = [orderId, lineId, sellerId, productId, category, currency, quantity, orderedOn, occurredOn];
    text += `${names.join(',')},${amounts.map((amount) => formatAmount(amount, currency)).join(',')}\n`;
    if (text.length < TEXT_CHARACTERS) continue;
    if (!output.write(text)) await once(output, 'drain');
    text = '';
  }
  output.end(text);
  await once(output, 'close');
  return (await stat(file)).size;
}

/** Imports the file into the database of the URL. */
export async function importSales(
  server: BenchServer,
  url: string,
  file: string,
  writer: RowWriter | 'auto',
): Promise<ImportSample> {
  const { result, cost } = await server.observe(() =>
    runMagam(url, ['import', 'lines', file], { MAGAM_LINE_WRITER: writer }),
  );
  return { cost, usage: result.usage };
}

/**
 * The floor: LOAD DATA LOCAL of the same file into the same table with the same keys, in one statement. Amounts are only converted to minor
 * units, and nothing is checked except by the constraints of the table.
 */
export async function loadSales(server: BenchServer, url: string, file: string): Promise<ImportSample> {
  const db = openDatabase(url, { poolMax: 1 });
  const minor = (name: string): string => `${name} = @${name} * IF(currency IN ('KRW', 'JPY'), 1, 100)`;
  try {
    const before = process.cpuUsage();
    const { cost } = await server.observe(async () => {
      const statement = `LOAD DATA LOCAL INFILE 'sales' INTO TABLE sale_entry CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"'
        LINES TERMINATED BY '\\n' IGNORE 1 LINES (order_id, line_id, seller_id, product_id, category, currency, quantity, ordered_on, @day,
        ${MAJOR.map((name) => `@${name}`).join(', ')})
        SET settled_on = @day, occurred_on = @day, ${MAJOR.map(minor).join(', ')}, item_amount = quantity * unit_price`;
      await db
        .raw(statement)
        .options({ infileStreamFactory: () => createReadStream(file, { highWaterMark: 1 << 18 }) });
    });
    const { user, system } = process.cpuUsage(before);
    return { cost, usage: { cpuSeconds: (user + system) / 1e6, peakMemoryBytes: 0 } };
  } finally {
    await db.destroy();
  }
}

const SALE_COLUMNS = `settled_on, order_id, line_id, seller_id, product_id, category, quantity, unit_price, item_amount, seller_discount,
  platform_discount, shipping_fee, currency, ordered_on, occurred_on`;

/** Count and a checksum of every column of every sale except its ids: equal for equal feeds, whatever has written them. */
export async function salesFingerprint(url: string): Promise<string> {
  const db = openDatabase(url, { poolMax: 1 });
  try {
    const sums = `SELECT COUNT(*) AS n, SUM(CRC32(CONCAT_WS(',', ${SALE_COLUMNS}))) AS checksum FROM sale_entry`;
    return JSON.stringify((await select(db, sums))[0], (_key, value) =>
      typeof value === 'number' ? String(value) : value,
    );
  } finally {
    await db.destroy();
  }
}

/** Lets the server accept data files from its clients while `work` runs, because the floor needs it. Restores the setting afterwards. */
export async function whileLoading<T>(db: Db, work: () => Promise<T>): Promise<T> {
  const [row] = await select<{ allowed: number | string }>(db, 'SELECT @@GLOBAL.local_infile AS allowed');
  if (Number(row?.allowed) === 1) return work();
  say('LOAD DATA LOCAL is off on this server: it is switched on while the bench runs.');
  await db.raw('SET GLOBAL local_infile = 1');
  try {
    return await work();
  } finally {
    await db.raw('SET GLOBAL local_infile = 0');
  }
}
