/** Exports for people, and totals that add up. */
const currencyTotals = {
  file: 'core/settlement/rules/currency-totals.ts',
  tests: 'test/core/settlement/rules/currency-totals.test.ts',
  quick: true,
};
const workbook = { file: 'infra/workbook.ts', tests: 'test/infra/workbook.test.ts', quick: true };
const workbookXml = { ...workbook, file: 'infra/workbook-xml.ts' };
const dateStates = { file: 'core/settlement/date-states.ts', tests: 'test/cli/export-for-people.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...currencyTotals,
    name: 'VAT on top leaves out the shipping',
    from: 'itemAmount - sellerDiscount + shippingFee, deducted',
    to: 'itemAmount - sellerDiscount, deducted',
  },
  {
    ...currencyTotals,
    name: 'all fee VAT counts as contained',
    from: 'feeVatContained: feeVat - feeVatOnTop',
    to: 'feeVatContained: feeVat',
  },
  {
    ...workbookXml,
    name: 'an amount of 16 digits is a number of a workbook',
    from: 'const EXACT_DIGITS = 15;',
    to: 'const EXACT_DIGITS = 16;',
    only: 'of more digits than a spreadsheet keeps',
  },
  {
    ...workbookXml,
    name: 'an id that looks like an escape is read as another',
    from: '|_(?=x[0-9A-Fa-f]{4}_)/g',
    to: '/g',
    only: 'a cell of text',
  },
  {
    ...workbook,
    name: 'a sheet takes one row more than it may',
    from: 'rows === this.rowsMax)',
    to: 'rows > this.rowsMax)',
    only: 'that is full goes on in another',
  },
  {
    ...workbook,
    name: 'rows that fail end as a whole workbook',
    from: '    workbook.abandon();\n    throw error;',
    to: '    await workbook.end();',
    only: 'whose rows fail',
  },
  {
    ...dateStates,
    name: 'a range is exported without its dates that are not settled',
    from: 'shutThrough !== null && to <= shutThrough',
    to: 'shutThrough !== null && from <= shutThrough',
  },
  {
    ...currencyTotals,
    name: 'the summary of a range leaves out the fee VAT on top of its later dates',
    from: 'feeVatOnTop: a.feeVatOnTop + b.feeVatOnTop',
    to: 'feeVatOnTop: a.feeVatOnTop',
  },
];
