/**
 * Reads the lines of a certificate again, partition by partition: hashes and sums them, and replays each through `domain` from
 * its entry, under the policies that the plan used.
 */

import { CanonicalLines } from '../../domain/canonical-line.js';
import {
  type CertificateBody,
  type CertifiedPartition,
  type CertifiedTotals,
  certifiedTotals,
  EMPTY_SHA256,
} from '../../domain/certificate.js';
import { FIGURE_NAMES, type Figures } from '../../domain/figures.js';
import { TotalsBy } from '../../domain/line-totals.js';
import type { PolicyBook } from '../../domain/policy-book.js';
import { type Leg, legName, REFUND, SALE, type SettledLine } from '../../domain/settled-line.js';
import type { Db } from '../../infra/database.js';
import { RunningSha256 } from '../../infra/sha256.js';
import type { SaleRow } from '../../infra/stores/run-feed.js';
import {
  type RefundAmounts,
  readSettledRefunds,
  readSettledSales,
  type SettledPage,
  type StoredResult,
} from '../../infra/stores/verification.js';
import { type Decision, decideRefunds, decideSales } from '../jobs/settle/decide.js';

/** Lines of one read: flat memory, and few enough round trips. */
const PAGE_LINES = 4_000;
const NONE_REFUSED = new Map<number, string>();

/** The first stored line that its replay contradicts. */
export interface LineDifference {
  readonly line: string;
  readonly expected: string;
  readonly actual: string;
}

export interface ReplayedPartition {
  readonly number: number;
  readonly sales: ReplayedRange;
  readonly refunds: ReplayedRange;
  readonly totals: readonly CertifiedTotals[];
}

export interface ReplayedRange {
  readonly lines: number;
  readonly sha256: string;
}

export interface Policies {
  /** Those of the plan's revision: they decide which policy a sale falls under. */
  readonly planned: PolicyBook;
  /** Every one that is stored: a refund goes by its sale's, whenever that was settled. */
  readonly all: PolicyBook;
}

/** A settled entry: what is stored of it, and what the replay makes of it (undefined: it would be parked). */
interface Replayed {
  readonly sale: SaleRow;
  readonly entryId: number;
  readonly refundId: string;
  readonly quantity: number;
  readonly amounts: RefundAmounts;
  readonly stored: StoredResult;
  readonly decided: SettledLine | undefined;
  readonly refusal: string;
}

export class LineReplay {
  difference: LineDifference | undefined;
  private readonly canonical = new CanonicalLines();

  constructor(
    private readonly db: Db,
    private readonly body: CertificateBody,
    private readonly policies: Policies,
    private readonly onLines: (lines: number) => void,
  ) {}

  /** Replays one partition of the certificate. */
  async partition({ number, sales, refunds }: CertifiedPartition): Promise<ReplayedPartition> {
    const totals = new TotalsBy();
    const replayed = {
      number,
      sales: await this.range(SALE, sales, totals),
      refunds: await this.range(REFUND, refunds, totals),
    };
    return { ...replayed, totals: totals.entries().map(([currency, sums]) => certifiedTotals(currency, sums)) };
  }

  private async range(leg: Leg, range: CertifiedPartition['sales'], totals: TotalsBy): Promise<ReplayedRange> {
    const { date, generation } = this.body;
    const read = (after: number): Promise<Replayed[]> => {
      const page = { date, generation, after, through: range.through, limit: PAGE_LINES };
      const rows = leg === SALE ? this.sales(page) : this.refunds(page);
      rows.catch(() => undefined); // it is awaited below; until then a failure is not unhandled
      return rows;
    };
    const hash = new RunningSha256();
    let lines = 0;
    for (let next: Promise<Replayed[]> | undefined = read(range.after); next !== undefined; ) {
      const rows: Replayed[] = await next;
      const last = rows.at(-1);
      // The server reads the next page while this one is hashed.
      next = last === undefined || rows.length < PAGE_LINES ? undefined : read(last.entryId);
      for (const row of rows) {
        const line = this.check(leg, row);
        this.canonical.add(line);
        totals.of(line.currency).add(leg, line.figures);
      }
      hash.update(this.canonical.take());
      lines += rows.length;
      this.onLines(rows.length);
    }
    return { lines, sha256: lines === 0 ? EMPTY_SHA256 : hash.digestSoFar() };
  }

  private async sales(page: SettledPage): Promise<Replayed[]> {
    const { planned } = this.policies;
    const rows = await readSettledSales(this.db, page, planned);
    const decided = new Outcomes(
      decideSales(
        rows.map(({ sale }) => sale),
        planned,
        NONE_REFUSED,
      ),
    );
    return rows.map(({ sale, stored }) => ({
      sale,
      entryId: sale.entryId,
      refundId: '',
      quantity: sale.quantity,
      amounts: sale,
      stored,
      ...decided.of(sale.entryId),
    }));
  }

  private async refunds(page: SettledPage): Promise<Replayed[]> {
    const { all } = this.policies;
    const rows = await readSettledRefunds(this.db, page);
    // A sale line that names no stored policy is a difference of its own date; here the refund has nothing to go by.
    const known = rows.map(({ refund }) =>
      refund.original !== undefined && all.byId(refund.original.policyId) === undefined
        ? { ...refund, original: undefined }
        : refund,
    );
    const decided = new Outcomes(decideRefunds(known, all, NONE_REFUSED));
    return rows.flatMap(({ refund, amounts, stored }) =>
      refund.sale === undefined
        ? []
        : {
            sale: refund.sale,
            entryId: refund.entryId,
            refundId: refund.refundId,
            quantity: refund.quantity,
            amounts,
            stored,
            ...decided.of(refund.entryId),
          },
    );
  }

  /** The line as it is stored; remembers the first one that differs from its replay. */
  private check(leg: Leg, row: Replayed): SettledLine {
    const { decided, stored } = row;
    if (decided !== undefined && isStored(decided, row)) return decided;
    const figures = storedFigures(row);
    this.difference ??= { line: nameOf(leg, row), ...differenceOf(row, figures) };
    const policy = this.policies.all.byId(stored.policyId)?.policy;
    return {
      leg,
      entryId: row.entryId,
      orderId: row.sale.orderId,
      lineId: row.sale.lineId,
      refundId: row.refundId,
      sellerId: stored.sellerId,
      currency: row.sale.currency,
      quantity: row.quantity,
      figures,
      policyId: stored.policyId,
      policyCode: policy?.code ?? '',
      policyVersion: policy?.version ?? 0,
      vatMode: policy?.vat.mode ?? 'none',
    };
  }
}

/** A decision by entry. Lines come in the order of the rows, so the usual case needs no map. */
class Outcomes {
  private at = 0;
  private readonly parked: ReadonlyMap<number, string>;
  constructor(private readonly decision: Decision) {
    this.parked = new Map(decision.parked.map(({ entryId, code }) => [entryId, code]));
  }

  of(entryId: number): { decided: SettledLine | undefined; refusal: string } {
    const line = this.decision.lines[this.at];
    if (line?.entryId === entryId) {
      this.at += 1;
      return { decided: line, refusal: '' };
    }
    return { decided: undefined, refusal: this.parked.get(entryId) ?? '' };
  }
}

function isStored({ figures: f, policyId, sellerId }: SettledLine, { stored, amounts }: Replayed): boolean {
  return (
    policyId === stored.policyId &&
    sellerId === stored.sellerId &&
    f.net === stored.net &&
    f.fee === stored.fee &&
    f.feeVat === stored.feeVat &&
    f.pgFee === stored.pgFee &&
    f.pgFeeVat === stored.pgFeeVat &&
    f.buyerPaid === stored.buyerPaid &&
    f.feeBase === stored.feeBase &&
    f.itemAmount === amounts.itemAmount &&
    f.sellerDiscount === amounts.sellerDiscount &&
    f.platformDiscount === amounts.platformDiscount &&
    f.shippingFee === amounts.shippingFee
  );
}

const storedFigures = ({ amounts, stored }: Replayed): Figures => ({
  itemAmount: amounts.itemAmount,
  sellerDiscount: amounts.sellerDiscount,
  platformDiscount: amounts.platformDiscount,
  shippingFee: amounts.shippingFee,
  buyerPaid: stored.buyerPaid,
  feeBase: stored.feeBase,
  fee: stored.fee,
  feeVat: stored.feeVat,
  pgFee: stored.pgFee,
  pgFeeVat: stored.pgFeeVat,
  net: stored.net,
});

const nameOf = (leg: Leg, { sale, refundId, entryId }: Replayed): string =>
  `${legName(leg)} order ${sale.orderId} line ${sale.lineId}${leg === REFUND ? ` refund ${refundId}` : ''} (entry ${entryId})`;

function differenceOf({ decided, stored, refusal }: Replayed, figures: Figures): { expected: string; actual: string } {
  if (decided === undefined) return { expected: `parked: ${refusal}`, actual: 'settled' };
  if (decided.policyId !== stored.policyId) {
    return {
      expected: `policy ${decided.policyCode} version ${decided.policyVersion}`,
      actual: `policy id ${stored.policyId}`,
    };
  }
  const name = FIGURE_NAMES.find((one) => decided.figures[one] !== figures[one]);
  if (name === undefined) return { expected: `seller ${decided.sellerId}`, actual: `seller ${stored.sellerId}` };
  return { expected: `${name} ${decided.figures[name]}`, actual: `${name} ${figures[name]}` };
}
