/**
 * Writes an XLSX workbook (ECMA-376) as a stream: its memory does not grow with the rows. It knows nothing of the business.
 *
 * Only the zip comes from a library. Those that write whole workbooks hold every cell (write-excel-file, SheetJS), have one number format a
 * column (hucre), or are no longer maintained and take 15 s for 100,000 rows of 22 cells (exceljs 4.4.0 on two cores).
 */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { ZipFile } from 'yazl';
import {
  rowXml,
  SHEET_END,
  type SheetColumn,
  type SheetRow,
  sheetHead,
  shownWidth,
  workbookParts,
} from './workbook-xml.js';

/** The most rows of a sheet that Excel opens, including the head. */
const ROWS_MAX = 1_048_576;
/** Rows that are measured before the widths of the columns are set. */
const MEASURED_ROWS = 2_000;

/** The time of the parts in the zip, fixed so that the same rows give the same bytes. */
const PART_TIME = { mtime: new Date('2000-01-01T12:00:00Z'), forceDosTimestamp: true };

/** Takes bytes and resolves when it can take more. */
type ByteSink = (bytes: Uint8Array) => Promise<void>;
type Batches = AsyncIterable<readonly SheetRow[]> | Iterable<readonly SheetRow[]>;

/**
 * Writes the workbook whose tables `work` adds. Throws the errors of `work`, its rows and the sink; the bytes are then incomplete.
 * @param rowsMax rows of a sheet, its head included
 */
export async function writeWorkbook(
  sink: ByteSink,
  work: (workbook: Workbook) => Promise<void>,
  rowsMax = ROWS_MAX,
): Promise<void> {
  const workbook = new Workbook(sink, rowsMax);
  try {
    await work(workbook);
    await workbook.end();
  } catch (error) {
    workbook.abandon();
    throw error;
  }
}

export class Workbook {
  private readonly zip = new ZipFile();
  private readonly names: string[] = [];
  /** Aborted when the sink or the zip has failed. */
  private readonly broken = new AbortController();
  private readonly pumped: Promise<void>;

  constructor(
    sink: ByteSink,
    private readonly rowsMax: number,
  ) {
    this.zip.on('error', (error) => this.broken.abort(error));
    this.pumped = this.pump(sink).catch((error) => this.broken.abort(error));
  }

  /** Adds a table under a frozen head. Rows beyond the largest sheet continue in further ones (`lines 2`), under the same head. */
  async addTable(name: string, columns: readonly SheetColumn[], batches: Batches): Promise<void> {
    let widths: number[] | undefined;
    let sheet: PassThrough | undefined;
    let sheets = 0;
    let rows = 0;
    for await (const batch of withMeasuredFirst(batches)) {
      widths ??= columns.map((column, at) => shownWidth(column, batch, at));
      let text = '';
      for (const row of sheet === undefined && batch.length === 0 ? [undefined] : batch) {
        if (sheet === undefined || rows === this.rowsMax) {
          if (sheet !== undefined) await this.close(sheet, text);
          sheets += 1;
          sheet = this.open(sheets === 1 ? name : `${name} ${sheets}`, columns, widths);
          [rows, text] = [1, ''];
        }
        if (row !== undefined) {
          rows += 1;
          text += rowXml(row, columns, rows);
        }
      }
      await this.write(sheet as PassThrough, text);
    }
    await this.close(sheet as PassThrough, '');
  }

  async end(): Promise<void> {
    for (const [path, xml] of workbookParts(this.names)) this.zip.addBuffer(Buffer.from(xml), path, PART_TIME);
    this.zip.end();
    await this.pumped;
    this.broken.signal.throwIfAborted();
  }

  /** Drops the rows that are not written. */
  abandon(): void {
    (this.zip.outputStream as PassThrough).destroy();
  }

  private open(name: string, columns: readonly SheetColumn[], widths: readonly number[]): PassThrough {
    this.names.push(name);
    const sheet = new PassThrough();
    this.zip.addReadStream(sheet, `xl/worksheets/sheet${this.names.length}.xml`, PART_TIME);
    sheet.write(sheetHead(columns, widths));
    return sheet;
  }

  private async write(sheet: PassThrough, text: string): Promise<void> {
    const { signal } = this.broken;
    signal.throwIfAborted();
    if (sheet.write(text)) return;
    await once(sheet, 'drain', { signal }).catch((error) => {
      throw signal.aborted ? signal.reason : error;
    });
  }

  private async close(sheet: PassThrough, text: string): Promise<void> {
    await this.write(sheet, text);
    sheet.end(SHEET_END);
  }

  private async pump(sink: ByteSink): Promise<void> {
    for await (const bytes of this.zip.outputStream) await sink(bytes as Uint8Array);
  }
}

/** The rows, with a first batch that is large enough to be measured or holds all of them; so there is always one. */
async function* withMeasuredFirst(batches: Batches): AsyncGenerator<readonly SheetRow[]> {
  const first: SheetRow[] = [];
  let measured = false;
  for await (const batch of batches) {
    if (measured) {
      yield batch;
      continue;
    }
    first.push(...batch);
    if (first.length < MEASURED_ROWS) continue;
    measured = true;
    yield first;
  }
  if (!measured) yield first;
}
