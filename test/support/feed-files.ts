/** CSV files of order lines and refunds for tests, in a folder of their own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImportRequest } from '../../core/feed/import/import-file.js';

export const SALE_HEADER =
  'order_id,line_id,seller_id,product_id,category,quantity,unit_price,shipping_fee,seller_discount,platform_discount,currency,ordered_on,confirmed_on';
const REFUND_HEADER = 'refund_id,order_id,line_id,quantity,refunded_on,reason';

const SALE: Readonly<Record<string, string>> = {
  order_id: 'O1',
  line_id: '1',
  seller_id: 'S1',
  product_id: 'P1',
  category: '신발',
  quantity: '3',
  unit_price: '1000',
  shipping_fee: '3000',
  seller_discount: '100',
  platform_discount: '50',
  currency: 'KRW',
  ordered_on: '2026-03-01',
  confirmed_on: '2026-03-05',
};
const REFUND: Readonly<Record<string, string>> = {
  refund_id: 'R1',
  order_id: 'O1',
  line_id: '1',
  quantity: '1',
  refunded_on: '2026-03-06',
  reason: '단순 변심',
};

type Row = Readonly<Record<string, string>>;

function rowsOf(header: string, defaults: Row, rows: readonly Row[]): string {
  const names = header.split(',');
  const lines = rows.map((row) => names.map((name) => row[name] ?? defaults[name] ?? '').join(','));
  return [header, ...lines, ''].join('\n');
}

/** A file of order lines, each given by what differs from the usual one. */
export const salesCsv = (...rows: readonly Row[]): string => rowsOf(SALE_HEADER, SALE, rows);
/** A file of refunds, each given by what differs from the usual one. */
export const refundsCsv = (...rows: readonly Row[]): string => rowsOf(REFUND_HEADER, REFUND, rows);

export class FeedFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'magam-files-'));
  private count = 0;

  /** Writes a file and returns its path. */
  write(content: string | Uint8Array, name = `file-${++this.count}.csv`): string {
    const file = join(this.path, name);
    writeFileSync(file, content);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A request with the usual options. */
export function importRequest(
  kind: 'lines' | 'refunds',
  file: string,
  options: Partial<ImportRequest> = {},
): ImportRequest {
  return {
    kind,
    file,
    mappingFile: null,
    encoding: 'utf-8',
    timeZone: 'Asia/Seoul',
    platformTimeZone: 'Asia/Seoul',
    skipRejects: false,
    rejectsFile: null,
    late: false,
    dryRun: false,
    policies: [],
    deadlineMs: 60_000,
    outageMs: 0,
    writer: 'auto',
    requestedBy: 'test',
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...options,
  };
}
