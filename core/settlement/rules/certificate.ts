/**
 * The certificate of a closed date: what was settled, in which partitions, with which sums, and the certificate it follows.
 * Its text is JSON with these keys in this order and no white space; its hash is the SHA-256 of that text. Sums are decimal strings of
 * minor units (they may exceed 2^53).
 */
import type { LineForm } from './canonical-line.js';
import { ENTRY_FIGURES, type EntryFigure, eachFigure, FIGURE_NAMES, type FigureName } from './figures.js';
import { type Totals, TotalsBy } from './line-totals.js';

/** What certificates of every format have. */
interface CommonBody {
  readonly job: 'settle';
  readonly date: string;
  /** 1 for the run itself, n + 1 for the supplement that settles what was parked. */
  readonly generation: number;
  /** The revision of the policy book that the plan was frozen with. */
  readonly policyRevision: number;
  readonly partitions: readonly CertifiedPartition[];
  /** Sums over the lines of this generation, one entry per currency. */
  readonly totals: readonly CertifiedTotals[];
  /** The same, computed by the database from the feed alone; equal to the totals. */
  readonly control: readonly CertifiedControl[];
  /** Entries of the date that remain parked. */
  readonly exceptions: number;
  /** SHA-256 over the partitions' hashes: sales then refunds of each, in order, lower-case hex, each ended by LF. */
  readonly linesHash: string;
  /** The certificate that this one follows, null for the first of all. */
  readonly previous: CertificateLink | null;
}

/** Those that versions up to 0.1.0 wrote, and plans that they made still end with. */
export interface FirstBody extends CommonBody {
  readonly format: 'magam-certificate/1';
}

/** Vouches for every column of the rows of the feed, for what is parked, for the policies by their content, and for the certificates before it. */
export interface SecondBody extends CommonBody {
  readonly format: 'magam-certificate/2';
  /** The number of the certificate in the order in which certificates were written, from 1. */
  readonly sequence: number;
  /** The IANA zone of business dates. */
  readonly timeZone: string;
  /** The version of the rules that decided the lines. */
  readonly rules: number;
  /** The program that certified. */
  readonly program: string;
  /** How many partitions were asked for. */
  readonly gridSize: number;
  /** Every policy that was stored when the generation was certified. */
  readonly policies: { readonly revision: number } & HashedRows;
  /** Every entry that was ever parked on the date, with its reason. */
  readonly parked: HashedRows;
  /** The certificates written before this one, back to the latest that links to those before it; null for the first of all. */
  readonly after: NumberedLinks | null;
  /** The public key (SPKI, base64) that signs this certificate; null: it is not signed. */
  readonly signer: string | null;
}

export type CertificateBody = FirstBody | SecondBody;

/** How many rows, and the SHA-256 over a line for each. */
export interface HashedRows {
  readonly rows: number;
  readonly sha256: string;
}

/** The certificates with numbers from `from` to `through`: the SHA-256 over date, TAB, generation, TAB, hash, LF of each. */
export interface NumberedLinks {
  readonly from: number;
  readonly through: number;
  readonly sha256: string;
}

export interface CertifiedPartition {
  readonly number: number;
  readonly sales: CertifiedRange;
  readonly refunds: CertifiedRange;
  readonly totals: readonly CertifiedTotals[];
}

export interface CertifiedRange {
  /** The range of feed ids is (after, through]. */
  readonly after: number;
  readonly through: number;
  /** Entries that the plan counted there; format 1 does not have it. */
  readonly entries?: number;
  readonly lines: number;
  /** SHA-256 over the canonical lines of this generation in the range, in the order of their ids. */
  readonly sha256: string;
}

export interface CertifiedTotals extends Readonly<Record<FigureName, string>> {
  readonly currency: string;
  readonly sales: number;
  readonly refunds: number;
}
export type CertifiedControl = Pick<CertifiedTotals, 'currency' | 'sales' | 'refunds' | EntryFigure>;

export interface CertificateLink {
  readonly date: string;
  readonly generation: number;
  readonly hash: string;
}

/** SHA-256 of no bytes: the hash of a range without lines. */
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Totals as a certificate writes them. */
export function certifiedTotals(currency: string, totals: Totals): CertifiedTotals {
  const sums = eachFigure(FIGURE_NAMES, (name) => totals[name].toString());
  return { currency, sales: totals.sales, refunds: totals.refunds, ...sums };
}

/** The part of certified totals that the feed alone determines. */
export const controlOf = (totals: CertifiedTotals): CertifiedControl => ({
  currency: totals.currency,
  sales: totals.sales,
  refunds: totals.refunds,
  ...eachFigure(ENTRY_FIGURES, (name) => totals[name]),
});

/** The text that `linesHash` is the SHA-256 of. */
export const partitionHashesText = (partitions: readonly CertifiedPartition[]): string =>
  partitions.map(({ sales, refunds }) => `${sales.sha256}\n${refunds.sha256}\n`).join('');

/** The form of the canonical lines that a certificate is over. */
export const lineFormOf = ({ format }: CertificateBody): LineForm => (format === 'magam-certificate/1' ? 1 : 2);

/** The version of the rules that decided a certificate's lines. Format 1 was written while there was one. */
export const rulesVersionOf = (body: CertificateBody): number =>
  body.format === 'magam-certificate/1' ? 1 : body.rules;

/** The text that the certificate's hash is the SHA-256 of. Build the body with its keys in the order of the document. */
export const certificateText = (body: CertificateBody): string => JSON.stringify(body);

const FORMATS: ReadonlySet<unknown> = new Set<CertificateBody['format']>([
  'magam-certificate/1',
  'magam-certificate/2',
]);

/** Reads a stored certificate; undefined when the text is not one. */
export function parseCertificate(text: string): CertificateBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    const isOne = typeof body === 'object' && body !== null && FORMATS.has((body as CertificateBody).format);
    return isOne ? (body as CertificateBody) : undefined;
  } catch {
    return undefined;
  }
}

/** Sums of certified totals, per currency. */
export function sumTotals(all: readonly CertifiedTotals[]): CertifiedTotals[] {
  const sum = new TotalsBy();
  for (const { currency, sales, refunds, ...texts } of all) {
    sum.of(currency).addTotals({ sales, refunds, ...eachFigure(FIGURE_NAMES, (name) => BigInt(texts[name])) });
  }
  return sum.entries().map(([currency, totals]) => certifiedTotals(currency, totals));
}
