import { MAX_MINOR, toSafeNumber } from './money.js';

/** A sum of integers that is exact whatever its size: a plain number while it is safe, carried into a bigint beyond. */
export class ExactSum {
  private small = 0;
  private big = 0n;

  /** Adds a safe integer. */
  add(x: number): void {
    const sum = this.small + x;
    if (sum <= MAX_MINOR && sum >= -MAX_MINOR) {
      this.small = sum;
    } else {
      this.big += BigInt(this.small) + BigInt(x);
      this.small = 0;
    }
  }

  /** Adds an integer of any size. */
  addBig(x: bigint): void {
    this.big += x;
  }

  /** Adds a × b for safe integers. */
  addProduct(a: number, b: number): void {
    const product = a * b;
    if (product <= MAX_MINOR && product >= -MAX_MINOR) this.add(product);
    else this.big += BigInt(a) * BigInt(b);
  }

  value(): bigint {
    return this.big === 0n ? BigInt(this.small) : this.big + BigInt(this.small);
  }

  /** The sum as a number, without a bigint on the way when it never left the safe range; NaN beyond ±(2^53 − 1). */
  safeValue(): number {
    return this.big === 0n ? this.small : toSafeNumber(this.value());
  }
}
