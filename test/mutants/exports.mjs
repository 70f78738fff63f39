/** Exports for people, and totals that add up. */
const currencyTotals = {
  file: 'core/settlement/rules/currency-totals.ts',
  tests: 'test/core/settlement/rules/currency-totals.test.ts',
  quick: true,
};
const workbook = { file: 'infra/workbook.ts', tests: 'test/infra/workbook.test.ts', quick: true };
const workbookXml = { ...workbook, file: 'infra/workbook-xml.ts' };
const exported = { file: 'core/settlement/settlement-export.ts', tests: 'test/cli/export-for-people.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...currencyTotals,
    name: 'VAT on top leaves out the shipping',
    from: 'itemAmount - sellerDiscount + shippingFee - fee',
    to: 'itemAmount - sellerDiscount - fee',
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
  },
  {
    ...workbookXml,
    name: 'an id that looks like an escape is read as another',
    from: '|_(?=x[0-9A-Fa-f]{4}_)/g',
    to: '/g',
  },
  {
    ...workbook,
    name: 'a sheet takes one row more than it may',
    from: 'rows === this.rowsMax)',
    to: 'rows > this.rowsMax)',
  },
  {
    ...workbook,
    name: 'rows that fail end as a whole workbook',
    from: '    workbook.abandon();\n    throw error;',
    to: '    await workbook.end();',
  },
  {
    ...exported,
    name: 'a range of which nothing is settled is exported empty',
    from: "if (from === to && (await readDateStatus(db, from)) === 'CLOSED') return;",
    to: "if (from !== to || (await readDateStatus(db, from)) === 'CLOSED') return;",
  },
];
