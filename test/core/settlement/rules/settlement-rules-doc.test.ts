/** The numbers of docs/settlement-rules.md, recomputed: the page is read, not copied. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { SaleInput } from '../../../../core/feed/rules/entry.js';
import type { FeePolicy } from '../../../../core/policies/rules/fee-policy.js';
import { PolicyBook } from '../../../../core/policies/rules/policy-book.js';
import { parsePolicyFile } from '../../../../core/policies/rules/policy-file.js';
import type { Figures } from '../../../../core/settlement/rules/figures.js';
import { settleRefund } from '../../../../core/settlement/rules/settle-refund.js';
import { settleSale } from '../../../../core/settlement/rules/settle-sale.js';
import { isRefusal } from '../../../../kernel/errors.js';
import { divRound, formatAmount, parseAmount, ROUNDINGS } from '../../../../kernel/money.js';

const page = readFileSync(new URL('../../../../docs/settlement-rules.md', import.meta.url), 'utf8');

type Row = Record<string, string>;

/** The rows of the table whose header begins with these columns. */
function tableOf(...columns: string[]): Row[] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${columns.join(' | ')} |`));
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const header = cells(lines[start] ?? '');
  const body = lines.slice(start + 2);
  const end = body.findIndex((line) => !line.startsWith('|'));
  return body.slice(0, end).map((line) => Object.fromEntries(cells(line).map((cell, i) => [header[i] ?? '', cell])));
}

function policiesOfPage(): FeePolicy[] {
  const json = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const result = parsePolicyFile(json);
  if ('faults' in result) throw new Error(JSON.stringify(result.faults));
  return result.policies;
}

const policies = policiesOfPage();

function policyNamed(code: string): FeePolicy {
  const policy = policies.find((one) => one.code === code);
  if (policy === undefined) throw new Error(`the page has no policy ${code}`);
  return policy;
}

function saleOf(row: Row, currency: string): SaleInput {
  const amount = (symbol: string): number => {
    const minor = parseAmount((row[symbol] ?? '').replaceAll(',', ''), currency);
    if (isRefusal(minor)) throw new Error(`${symbol} of ${JSON.stringify(row)}: ${minor.refused}`);
    return minor;
  };
  return {
    quantity: Number(row.Q),
    itemAmount: amount('A'),
    shippingFee: amount('S'),
    sellerDiscount: amount('Ds'),
    platformDiscount: amount('Dp'),
  };
}

const SYMBOLS = {
  A: 'itemAmount',
  S: 'shippingFee',
  Ds: 'sellerDiscount',
  Dp: 'platformDiscount',
  P: 'buyerPaid',
  B: 'feeBase',
  F: 'fee',
  V: 'feeVat',
  G: 'pgFee',
  GV: 'pgFeeVat',
  N: 'net',
} as const;

/** The amounts of a row as the page would print these figures. */
function expectRow(row: Row, figures: Figures, currency: string): void {
  for (const [symbol, name] of Object.entries(SYMBOLS)) {
    expect(`${symbol} ${row[symbol]?.replaceAll(',', '')}`).toBe(`${symbol} ${formatAmount(figures[name], currency)}`);
  }
}

const settled = (sale: SaleInput, policy: FeePolicy): Figures => {
  const figures = settleSale(sale, policy);
  if (isRefusal(figures)) throw new Error(figures.refused);
  return figures;
};

describe('docs/settlement-rules.md', () => {
  const roundings = tableOf('exact', ...ROUNDINGS);
  const examples = tableOf('policy', 'Q');
  const refunds = tableOf('units', 'Q');
  const selections = tableOf('seller', 'category');

  it('has all its tables', () => {
    expect([roundings, examples, refunds, selections].map((table) => table.length)).toEqual([5, 9, 4, 11]);
  });

  it.each(roundings)('rounds $exact', (row) => {
    const tenths = Math.round(Number(row.exact) * 10);
    for (const rounding of ROUNDINGS) expect(String(divRound(tenths, 10, rounding))).toBe(row[rounding]);
  });

  it.each(examples)('settles $A under $policy', (row) => {
    const policy = policyNamed(row.policy ?? '');
    expectRow(row, settled(saleOf(row, policy.currency), policy), policy.currency);
  });

  it('refunds unit by unit', () => {
    const policy = policyNamed('standard');
    const [sold, ...parts] = refunds;
    if (sold === undefined) throw new Error('the page has no sold line');
    const original = { ...settled(saleOf(sold, 'KRW'), policy), quantity: Number(sold.Q) };
    expectRow(sold, original, 'KRW');
    let prior = 0;
    for (const part of parts) {
      const refund = settleRefund(original, policy, prior, Number(part.Q));
      if (isRefusal(refund)) throw new Error(refund.refused);
      expectRow(part, refund, 'KRW');
      prior += Number(part.Q);
    }
    expect(prior).toBe(original.quantity);
  });

  it.each(selections)('$seller $category $currency $ordered: $policy', (row) => {
    const book = new PolicyBook(policies.map((policy, i) => ({ policyId: i, policy, endsOn: policy.effectiveTo })));
    const found = book.find(row.seller ?? '', row.category ?? '', '', row.currency ?? '', row.ordered ?? '');
    expect(found?.policy.code ?? 'POLICY_MISSING').toBe(row.policy);
  });
});
