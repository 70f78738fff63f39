/**
 * The canonical form of a settled line, over which certificates are hashed: fields separated by one TAB, ended by one LF,
 * in ASCII; amounts in minor units; no field can hold a TAB or an LF. In order: entry id, order id, line id, leg, refund id, seller id, currency,
 * quantity, the figures in the order of FIGURES with the VAT mode behind the fee VAT, policy code, policy version. These 22 are form 1; in form 2 the
 * other columns of the entry follow, so that the certificate vouches for the whole row of the feed.
 *
 * Written byte by byte into one reused buffer: a template string and its encoding cost four times as much (1.2 against
 * 0.3 microseconds a line), and this runs for every line of a run and of its verification.
 */
import { legName } from '../../feed/rules/leg.js';
import { figureCells } from './figure-cells.js';
import { VAT_MODE_AT } from './figures.js';
import type { SettledLine } from './line.js';

const TAB = 9;
const LF = 10;
/** No line is longer, but for the rest of its entry: 5 ids and codes of at most 64 bytes, 14 integers of at most 17, fixed words, separators. */
const LINE_BYTES_MAX = 1_024;

/** 1: the 22 fields. 2: these and the rest of the entry's columns. */
export type LineForm = 1 | 2;

export class CanonicalLines {
  private bytes = new Uint8Array(1 << 16);
  private length = 0;

  constructor(private readonly form: LineForm) {}

  /** Appends one line. */
  add(line: SettledLine): void {
    while (this.bytes.length - this.length < LINE_BYTES_MAX + line.entryRest.length) this.grow();
    const cells = figureCells(line.figures);
    this.integer(line.entryId);
    this.text(line.orderId);
    this.text(line.lineId);
    this.text(legName(line.leg));
    this.text(line.refundId);
    this.text(line.sellerId);
    this.text(line.currency);
    this.integer(line.quantity);
    for (let i = 0; i < VAT_MODE_AT; i += 1) this.integer(cells[i] as number);
    this.text(line.vatMode);
    for (let i = VAT_MODE_AT; i < cells.length; i += 1) this.integer(cells[i] as number);
    this.text(line.policyCode);
    this.integer(line.policyVersion);
    if (this.form === 2) this.text(line.entryRest);
    this.bytes[this.length - 1] = LF;
  }

  /** The lines added since the last call. The bytes are valid until the next `add`. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }

  private grow(): void {
    const larger = new Uint8Array(this.bytes.length * 2);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  private text(ascii: string): void {
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < ascii.length; i += 1) bytes[at++] = ascii.charCodeAt(i);
    bytes[at++] = TAB;
    this.length = at;
  }

  private integer(value: number): void {
    this.length = writeInteger(this.bytes, this.length, value);
    this.bytes[this.length++] = TAB;
  }
}

const BILLION = 1_000_000_000;

/** Writes a safe integer in decimal digits at `at`; returns the position after it. */
export function writeInteger(bytes: Uint8Array, at: number, value: number): number {
  let n = value;
  let start = at;
  if (n < 0) {
    bytes[start++] = 45;
    n = -n;
  }
  if (n >= BILLION) {
    const high = Math.floor(n / BILLION);
    start = writeInteger(bytes, start, high);
    n -= high * BILLION;
    writeDigits(bytes, start, n, 9);
    return start + 9;
  }
  const digits =
    n < 10 ? 1 : n < 100 ? 2 : n < 1e3 ? 3 : n < 1e4 ? 4 : n < 1e5 ? 5 : n < 1e6 ? 6 : n < 1e7 ? 7 : n < 1e8 ? 8 : 9;
  writeDigits(bytes, start, n, digits);
  return start + digits;
}

/** Writes the last `digits` digits of n < 10^9, with leading zeros. */
function writeDigits(bytes: Uint8Array, at: number, n: number, digits: number): void {
  let rest = n | 0;
  for (let i = at + digits - 1; i >= at; i -= 1) {
    const tenth = (rest / 10) | 0;
    bytes[i] = 48 + (rest - tenth * 10);
    rest = tenth;
  }
}
