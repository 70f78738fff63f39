/** Keeps the newest items in memory, up to a number of items and of bytes. */
export class Kept<T> {
  private items: { readonly item: T; readonly bytes: number }[] = [];
  private total = 0;

  constructor(
    private readonly itemsMax: number,
    private readonly bytesMax: number,
  ) {}

  add(item: T, bytes: number): void {
    this.items.push({ item, bytes });
    this.total += bytes;
    while (this.items.length > this.itemsMax || this.total > this.bytesMax)
      this.total -= this.items.shift()?.bytes ?? 0;
  }

  /** Oldest first. */
  read(): readonly T[] {
    return this.items.map(({ item }) => item);
  }

  reset(): void {
    this.items = [];
    this.total = 0;
  }
}
