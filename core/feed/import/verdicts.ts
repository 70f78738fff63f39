/** The results of the first pass for the rows of a file, in flat memory: the second pass writes the accepted rows. */
import { RowBitmap } from './row-bitmap.js';
import { type FieldFault, RowFaults } from './row-faults.js';

/** The place of a row: its number in the file (from 0, the header not counted) and its line. */
export interface RowPlace {
  readonly row: number;
  readonly line: number;
}

export class Verdicts {
  readonly faults = new RowFaults();
  /** Dates that the accepted rows are settled on. */
  readonly dates = new Set<string>();
  private readonly skipped = new RowBitmap();
  private readonly rejectedRows = new RowBitmap();
  private lateRows = 0;

  /** The row is new; a later check may still reject it. */
  accept(settledOn: string, late: boolean): void {
    this.dates.add(settledOn);
    if (late) this.lateRows += 1;
  }

  /** An equal entry is in the feed. */
  unchanged(place: RowPlace): void {
    this.skipped.mark(place.row);
  }

  reject(place: RowPlace, ...faults: readonly FieldFault[]): void {
    for (const fault of faults) this.faults.add(place.line, fault);
    this.rejectedRows.mark(place.row);
    this.skipped.mark(place.row);
  }

  /** Whether the second pass leaves the row out. */
  skips(row: number): boolean {
    return this.skipped.has(row);
  }

  get rejected(): number {
    return this.rejectedRows.count;
  }

  get unchangedCount(): number {
    return this.skipped.count - this.rejected;
  }

  get hasLateRows(): boolean {
    return this.lateRows > 0;
  }

  close(): void {
    this.faults.close();
  }
}
