/** Amounts, figures, totals, hashes: everything that says how much somebody gets. */
const rules = (/** @type {string} */ name, file = name) => ({
  file: `core/settlement/rules/${file}.ts`,
  tests: `test/core/settlement/rules/${name}.test.ts`,
  quick: true,
});
const sale = rules('settle-sale');
const refund = rules('settle-refund');
const figures = rules('settle-sale', 'figures');
const totals = rules('line-totals');
const canonical = rules('canonical-line');
const certificate = rules('certificate');
const decide = rules('decide');
const reversed = { ...refund, file: 'core/feed/rules/reversed-amounts.ts' };
const money = { file: 'kernel/money.ts', tests: 'test/kernel/money.test.ts', quick: true };
const sum = { file: 'kernel/exact-sum.ts', tests: 'test/kernel/exact-sum.test.ts', quick: true };

const flaws = {
  file: 'core/settlement/rules/entry-flaws.ts',
  tests: 'test/core/settlement/rules/entry-flaws.test.ts',
  quick: true,
};
const sellerSums = {
  file: 'core/settlement/rules/seller-sums.ts',
  tests: 'test/core/settlement/rules/seller-sums.test.ts',
  quick: true,
};
const pieces = { file: 'batch/jobs/verify/pieces.ts', tests: 'test/batch/verify-pieces.test.ts', quick: true };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  { ...money, name: 'half-up leaves a tie where it is', from: 'return versusHalf >= 0;', to: 'return versusHalf > 0;' },
  {
    ...money,
    name: 'half-even takes the odd neighbour',
    from: 'versusHalf === 0 && odd);',
    to: 'versusHalf === 0 && !odd);',
  },
  {
    ...money,
    name: 'up leaves the rest away',
    from: "case 'up':\n      return true;",
    to: "case 'up':\n      return false;",
  },
  {
    ...money,
    name: 'negative amounts round as if positive',
    from: 'return 0 - divRound(-dividend, divisor, rounding);',
    to: 'return divRound(-dividend, divisor, rounding);',
  },
  {
    ...money,
    name: 'zero gets a sign',
    from: 'Math.floor(dividend / divisor) + 0',
    to: 'Math.floor(dividend / divisor)',
  },
  {
    ...money,
    name: 'products beyond 2^53 are taken as they come',
    from: 'if (product <= MAX_MINOR && product >= -MAX_MINOR) return divRound',
    to: 'if (product >= -Infinity) return divRound',
  },
  {
    ...money,
    name: 'the half of a large division is off by its tie',
    from: 'twice === divisor ? 0 : -1',
    to: 'twice === divisor ? -1 : -1',
  },
  {
    ...money,
    name: 'an amount may have more decimals than its currency',
    from: 'if (fraction.length > decimals) return Number.NaN;',
    to: '',
  },
  {
    ...money,
    name: 'an amount may be 2^53',
    from: 'return minor <= MAX_MINOR ? minor',
    to: 'return minor <= MAX_MINOR + 1 ? minor',
  },
  {
    ...money,
    name: 'a rate may exceed 100 percent',
    from: 'return rateE4 <= FULL_RATE_E4 ?',
    to: 'return rateE4 <= 2 * FULL_RATE_E4 ?',
  },
  {
    ...money,
    name: 'amounts below one lose their zeros',
    from: "digits.padStart(decimals + 1, '0')",
    to: "digits.padStart(decimals, '0')",
  },
  {
    ...sum,
    name: 'a sum forgets what it carried',
    from: ': this.big + BigInt(this.small);',
    to: ': this.big;',
  },
  { ...sum, name: 'a sum beyond 2^53 keeps its number, too', from: 'this.small = 0;\n', to: '' },

  {
    ...sale,
    name: 'the buyer pays no shipping',
    from: 'sale.sellerDiscount - sale.platformDiscount + sale.shippingFee;',
    to: 'sale.sellerDiscount - sale.platformDiscount;',
  },
  {
    ...sale,
    name: "the platform's discount lowers the fee base",
    from: 'const base = sale.itemAmount - sale.sellerDiscount;',
    to: 'const base = sale.itemAmount - sale.sellerDiscount - sale.platformDiscount;',
  },
  {
    ...sale,
    name: 'commission on shipping though the policy says none',
    from: 'return commission.includeShipping ? base + sale.shippingFee : base;',
    to: 'return base + sale.shippingFee;',
  },
  {
    ...sale,
    name: 'discounts above the item amount are settled',
    from: 'sale.sellerDiscount + sale.platformDiscount <= sale.itemAmount',
    to: 'true',
  },
  { ...sale, name: 'a quantity of none is settled', from: 'sale.quantity >= 1 &&', to: 'sale.quantity >= 0 &&' },
  { ...sale, name: 'a quantity above the largest is settled', from: 'sale.quantity <= MAX_QUANTITY', to: 'true' },
  {
    ...sale,
    name: 'a negative amount is settled',
    from: 'Number.isSafeInteger(x) && x >= 0',
    to: 'Number.isSafeInteger(x)',
  },
  {
    ...sale,
    name: 'a fixed fee per unit is charged once',
    from: "component.per === 'unit' ? quantity * FULL_RATE_E4",
    to: "component.per === 'unit' ? FULL_RATE_E4",
  },
  { ...sale, name: 'a tier bound belongs to the next tier', from: 'base <= upToMinor;', to: 'base < upToMinor;' },
  { ...sale, name: 'graduated tiers charge each slice from zero', from: 'from = upToMinor;', to: 'from = 0;' },
  { ...sale, name: 'a slab charges as graduated does', from: "component.mode === 'graduated')", to: 'component.mode)' },
  {
    ...sale,
    name: 'the last slice of graduated tiers is left out',
    from: '(last ? base : upToMinor) - from',
    to: '(last ? from : upToMinor) - from',
  },
  {
    ...sale,
    name: 'the rounding unit is ignored',
    from: 'const divisor = FULL_RATE_E4 * roundingUnitMinor;',
    to: 'const divisor = FULL_RATE_E4;',
  },
  {
    ...sale,
    name: 'min before max becomes max before min',
    from: 'lowerToMax(raiseToMin(rounded, commission), commission)',
    to: 'raiseToMin(lowerToMax(rounded, commission), commission)',
    equivalent: 'a policy whose max is below its min is refused, and for min ≤ max both orders give the same fee',
  },
  {
    ...sale,
    name: 'the minimum does not raise',
    from: 'minMinor !== null && fee < minMinor ? minMinor : fee',
    to: 'fee',
  },
  {
    ...sale,
    name: 'the maximum does not lower',
    from: 'maxMinor !== null && fee > maxMinor ? maxMinor : fee',
    to: 'fee',
  },
  { ...sale, name: 'a fee may exceed its base', from: 'Math.min(fee, base)', to: 'fee' },
  {
    ...sale,
    name: 'the fee is bounded by its base before the minimum raises it',
    from: 'lowerToBase(lowerToMax(raiseToMin(rounded, commission), commission), base)',
    to: 'lowerToMax(raiseToMin(lowerToBase(rounded, base), commission), commission)',
  },
  {
    ...sale,
    name: 'VAT contained in the fee is computed as if on top',
    from: 'mulDivRound(fee, rateE4, FULL_RATE_E4 + rateE4, rounding)',
    to: 'mulDivRound(fee, rateE4, FULL_RATE_E4, rounding)',
  },
  {
    ...sale,
    name: 'the PG fee is charged even when the platform bears it',
    from: "pgFee?.bearer === 'seller' ?",
    to: 'pgFee ?',
  },
  {
    ...sale,
    name: 'no VAT on the PG fee',
    from: "policy.pgFee?.vat !== 'exclusive'",
    to: "policy.pgFee?.vat === 'exclusive'",
  },
  {
    ...sale,
    name: 'the PG fee is taken of the fee base',
    from: 'pgFeeOn(paid, policy.pgFee);',
    to: 'pgFeeOn(base, policy.pgFee);',
  },
  {
    ...sale,
    name: 'what the buyer paid may exceed 2^53',
    from: "if (paid > MAX_MINOR) return refuse('AMOUNT_OUT_OF_RANGE', { figure: 'buyerPaid' });",
    to: '',
  },
  {
    ...figures,
    name: 'VAT contained in the fee is taken off the net',
    from: "export function netOf(figures: Omit<Figures, 'net' | 'buyerPaid' | 'feeBase'>, mode: VatMode): number {\n  const { itemAmount, sellerDiscount, shippingFee, fee, pgFee, pgFeeVat } = figures;\n  const vat = mode === 'exclusive' ?",
    to: "export function netOf(figures: Omit<Figures, 'net' | 'buyerPaid' | 'feeBase'>, mode: VatMode): number {\n  const { itemAmount, sellerDiscount, shippingFee, fee, pgFee, pgFeeVat } = figures;\n  const vat = mode !== 'none' ?",
  },
  {
    ...figures,
    name: 'a net beyond 2^53 is near enough',
    from: 'if (magnitude <= MAX_MINOR) return itemAmount',
    to: 'if (magnitude > 0) return itemAmount',
  },

  { ...refund, name: 'a kept commission is given back', from: "policy.commission.onRefund === 'keep';", to: 'false;' },
  {
    ...refund,
    name: 'the VAT of a kept commission is given back',
    from: 'feeVat: commissionKept ? 0 : share(original.feeVat)',
    to: 'feeVat: share(original.feeVat)',
  },
  { ...refund, name: 'a kept PG fee is given back', from: "policy.pgFee?.onRefund === 'keep';", to: 'false;' },
  {
    ...refund,
    name: 'more units are refunded than were sold',
    from: 'if (priorQuantity + quantity > original.quantity) {',
    to: 'if (quantity > original.quantity) {',
  },
  { ...refund, name: 'a refund of no units is settled', from: '|| quantity < 1)', to: '|| quantity < 0)' },
  {
    ...reversed,
    name: 'each refund is cut by itself, and the cuts do not add up',
    from: 'mulDivFloor(x, priorQuantity + quantity, saleQuantity) - mulDivFloor(x, priorQuantity, saleQuantity)',
    to: 'mulDivFloor(x, quantity, saleQuantity)',
  },
  {
    ...reversed,
    name: 'shipping goes with the first unit',
    from: 'priorQuantity + quantity === sale.quantity ? sale.shippingFee',
    to: 'priorQuantity === 0 ? sale.shippingFee',
  },
  {
    ...reversed,
    name: 'the discounts are cut by themselves',
    from: 'sellerDiscount: itemAmount - priceToBuyer,',
    to: 'sellerDiscount: share(sale.sellerDiscount),',
  },

  {
    ...decide,
    name: 'a refund is settled under its own units as if they were the sale',
    from: '{ ...settled.figures, quantity: sale.quantity }',
    to: '{ ...settled.figures, quantity: row.quantity }',
  },
  {
    ...decide,
    name: 'a refund of a parked sale is settled from nothing',
    from: "    return {\n      refused: 'ORIGINAL_PARKED',\n      details: { orderId: sale.orderId,",
    to: "    return {\n      refused: 'ORIGINAL_MISSING',\n      details: { orderId: sale.orderId,",
  },
  {
    ...decide,
    name: 'a line that the database refused is computed again',
    from: 'const outcome = refused.has(row.entryId) ? lineRefused(refused.get(row.entryId)) : settledSale(row, policies);',
    to: 'const outcome = settledSale(row, policies);',
  },
  {
    ...totals,
    name: 'totals beyond 2^53 are near enough',
    from: 'if (sum <= Number.MAX_SAFE_INTEGER && sum >= -Number.MAX_SAFE_INTEGER) this.small[i] = sum;',
    to: 'if (sum > -Infinity) this.small[i] = sum;',
  },
  { ...totals, name: 'refunds are counted as sales', from: 'else this.refunds += 1;', to: 'else this.sales += 1;' },
  {
    ...totals,
    name: 'totals of two keys are listed as they came',
    from: '.sort(([a], [b]) => (a < b ? -1 : 1))',
    to: '',
  },
  { ...totals, name: 'adding totals forgets their counts', from: 'this.refunds += totals.refunds;', to: '' },
  {
    ...canonical,
    name: 'a canonical integer of ten digits loses its inner zeros',
    from: 'writeDigits(bytes, start, n, 9);\n    return start + 9;',
    to: 'return writeInteger(bytes, start, n);',
  },
  {
    ...canonical,
    name: 'a canonical line overruns its buffer',
    from: 'while (this.bytes.length - this.length < LINE_BYTES_MAX + line.entryRest.length) this.grow();',
    to: '',
  },
  {
    ...canonical,
    name: 'a canonical line of the second form leaves out the rest of its entry',
    from: 'if (this.form === 2) this.text(line.entryRest);',
    to: '',
  },
  { ...canonical, name: 'canonical bytes that were taken are taken again', from: 'this.length = 0;\n', to: '' },
  { ...canonical, name: 'a negative canonical integer loses its sign', from: 'bytes[start++] = 45;', to: '' },
  {
    ...certificate,
    name: "the lines' hash takes the sales for the refunds",
    from: 'partitions.map(({ sales, refunds }) =>',
    to: 'partitions.map(({ sales, sales: refunds }) =>',
  },
  {
    ...certificate,
    name: 'any JSON is a certificate',
    from: 'FORMATS.has((body as CertificateBody).format)',
    to: 'true',
  },
  {
    ...certificate,
    name: 'the control totals leave out the counts',
    from: '  sales: totals.sales,\n  refunds: totals.refunds,\n  ...eachFigure',
    to: '  sales: totals.sales,\n  refunds: 0,\n  ...eachFigure',
  },
  {
    ...flaws,
    name: 'verification takes an entry that was settled and is settled no longer for parked',
    from: '(exception === undefined || exception.settledGeneration !== null)',
    to: 'exception === undefined',
  },
  {
    ...flaws,
    name: 'verification multiplies prices beyond 2^53 as floating-point numbers',
    from: 'Number.isSafeInteger(near) ? near === product',
    to: 'Number.isFinite(near) ? near === product',
  },
  {
    ...flaws,
    name: 'verification does not look at the date of the sale of a refund',
    from: ' || comesBeforeItsSale(entry)',
    to: '',
  },
  {
    ...sellerSums,
    name: 'sums per seller lose what is beyond 2^53',
    from: 'else this.carry(at, BigInt(amount));',
    to: 'else this.sums[at] = sum;',
  },
  {
    ...sellerSums,
    name: 'sums of two threads lose what one of them carried',
    from: 'if (more !== undefined) shelf.carry(place + i, more);',
    to: '',
  },
  {
    ...sellerSums,
    name: 'a refund counts as a sale in the sums per seller',
    from: '(leg === SALE ? 0 : 1)',
    to: '0',
  },
  {
    ...pieces,
    name: 'a verification does not look behind the last certified range',
    from: 'pieces.push(gap(leg, after, LAST_ID));',
    to: 'if (after === 0) pieces.push(gap(leg, after, LAST_ID));',
  },
  {
    ...pieces,
    name: 'ranges that overlap are surveyed twice',
    from: 'const surveyed = overlap ? [] : ordered;',
    to: 'const surveyed = ordered;',
  },
];
