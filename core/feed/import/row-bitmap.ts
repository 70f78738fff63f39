/** One bit per row of a file of unknown length: ten million rows take about a megabyte. */
export class RowBitmap {
  private bytes = new Uint8Array(4_096);
  private marked = 0;

  /** How many rows are marked. */
  get count(): number {
    return this.marked;
  }

  mark(row: number): void {
    const index = row >>> 3;
    if (index >= this.bytes.length) this.grow(index + 1);
    const before = this.bytes[index] ?? 0;
    const after = before | (1 << (row & 7));
    if (after !== before) this.marked += 1;
    this.bytes[index] = after;
  }

  has(row: number): boolean {
    return ((this.bytes[row >>> 3] ?? 0) & (1 << (row & 7))) !== 0;
  }

  private grow(length: number): void {
    const grown = new Uint8Array(Math.max(length, this.bytes.length * 2));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}
