/** A statement with its documents' rows, made up but adding up. */

import { eachFigure, FIGURE_NAMES, type FigureName } from '../../core/settlement/rules/figures.js';
import type { StatementDocument } from '../../core/statements/documents/statement-document.js';
import type { KindSum, LegTotals, Statement } from '../../core/statements/rules/statement.js';
import type { StatementItem, StatementSettlement } from '../../core/statements/rules/statement-rows.js';
import { PAYOUT_KINDS } from '../../core/statements/rules/sums.js';
import { addDays } from '../../kernel/business-date.js';

type Figures = Record<FigureName, bigint>;

/** Figures of sales whose item amount is this: a tenth is the fee, its VAT is on top, and another VAT of 1 % is contained in it. */
export function madeFigures(itemAmount: bigint): Figures {
  const sellerDiscount = itemAmount / 20n;
  const [platformDiscount, shippingFee, fee, pgFee] = [itemAmount / 50n, 3_000n, itemAmount / 10n, itemAmount / 35n];
  const [onTop, contained, pgFeeVat] = [fee / 10n, fee / 100n, pgFee / 10n];
  return {
    itemAmount,
    sellerDiscount,
    platformDiscount,
    shippingFee,
    buyerPaid: itemAmount - sellerDiscount - platformDiscount + shippingFee,
    feeBase: itemAmount - sellerDiscount,
    fee,
    feeVat: onTop + contained,
    pgFee,
    pgFeeVat,
    net: itemAmount - sellerDiscount + shippingFee - fee - onTop - pgFee - pgFeeVat,
  };
}

const combined = (a: Figures, b: Figures, sign: bigint): Figures =>
  eachFigure(FIGURE_NAMES, (name) => a[name] + sign * b[name]);

export interface MadeStatement {
  readonly settlements?: number;
  readonly itemAmount?: bigint;
  readonly refunded?: bigint;
  readonly items?: readonly StatementItem[];
  readonly statement?: Partial<Statement>;
  readonly document?: Partial<StatementDocument>;
}

export function madeDocument(made: MadeStatement = {}): StatementDocument {
  const { settlements = 3, itemAmount = 1_250_000n, refunded = 90_000n, items = [] } = made;
  const zero = eachFigure(FIGURE_NAMES, () => 0n);
  const [sale, refund] = [madeFigures(itemAmount), refunded === 0n ? zero : madeFigures(refunded)];
  const rows: StatementSettlement[] = Array.from({ length: settlements }, (_, at) => ({
    settledOn: addDays('2026-04-01', at),
    generation: 1,
    sales: 12,
    refunds: refunded === 0n ? 0 : 1,
    figures: combined(sale, refund, -1n),
  }));
  const times = BigInt(settlements);
  const legOf = (entries: number, one: Figures, sign: bigint): LegTotals => ({
    entries: entries * settlements,
    figures: eachFigure(FIGURE_NAMES, (name) => sign * times * one[name]),
  });
  const kinds = [...new Set(items.map(({ kind }) => kind))];
  const sums: KindSum[] = kinds.map((kind) => {
    const of = items.filter((item) => item.kind === kind);
    return { kind, transactions: of.length, amountMinor: of.reduce((sum, item) => sum + item.amountMinor, 0n) };
  });
  const total = (of: readonly KindSum[]): bigint => of.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  const openingMinor = made.statement?.openingMinor ?? 150_000n;
  const earnedMinor =
    rows.reduce((sum, { figures }) => sum + figures.net, 0n) +
    total(sums.filter(({ kind }) => !PAYOUT_KINDS.includes(kind)));
  return {
    statement: {
      statementId: 7,
      number: 4,
      sellerId: 'seller-000001',
      currency: 'KRW',
      state: 'issued',
      periodFrom: '2026-04-01',
      closesOn: '2026-04-15',
      payoutOn: '2026-04-20',
      termsSeller: null,
      termsVersion: 2,
      calendarVersion: 1,
      openingMinor,
      sales: legOf(12, sale, 1n),
      refunds: legOf(refunded === 0n ? 0 : 1, refund, -1n),
      sums,
      earnedMinor,
      closingMinor: openingMinor + earnedMinor + total(sums.filter(({ kind }) => PAYOUT_KINDS.includes(kind))),
      hash: '5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592',
      issuedAt: '2026-04-16T00:10:00.123Z',
      paidOn: null,
      ...made.statement,
    },
    platform: { name: '마감 마켓', businessNumber: '1248100998' },
    seller: { name: '한빛서점', businessNumber: '2208162517' },
    notPaid: null,
    settlements: rows,
    items,
    ...made.document,
  };
}

export const madeItems: readonly StatementItem[] = [
  item(101, 'RESERVE_RELEASED', 40_000n, ''),
  item(102, 'ADJUSTMENT_TO_SELLER', 25_000n, '배송 지연 보상 (주문 20260403-118)'),
  item(103, 'CHARGEBACK', -310_000n, 'chargeback 8812'),
  item(104, 'RESERVE', -120_000n, ''),
  item(105, 'PAYOUT_SENT', -150_000n, ''),
];

function item(transactionId: number, kind: StatementItem['kind'], amountMinor: bigint, reason: string): StatementItem {
  return { transactionId, effectiveOn: '2026-04-15', kind, reason, amountMinor };
}
