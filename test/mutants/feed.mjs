/** What the feed takes: rows, dates, refunds of what was sold. */
const row = (/** @type {string} */ file) => ({
  file: `core/feed/import/${file}.ts`,
  tests: 'test/core/feed/import/rows.test.ts',
  quick: true,
});
const date = { file: 'kernel/business-date.ts', tests: 'test/kernel/business-date.test.ts', quick: true };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  { ...date, name: 'every fourth year is a leap year', from: '(year % 100 !== 0 || year % 400 === 0)', to: 'true' },
  { ...date, name: 'a month has one day more', from: 'day <= days;', to: 'day <= days + 1;' },
  {
    ...date,
    name: 'a range of dates leaves out its last',
    from: 'date <= to; date = addDays',
    to: 'date < to; date = addDays',
  },
  { ...date, name: 'a date may leave the calendar', from: 'if (moved.length !== 24)', to: 'if (moved.length < 24)' },
  { ...row('field-reader'), name: 'a quantity may be zero', from: 'quantity >= 1 &&', to: 'quantity >= 0 &&' },
  { ...row('field-reader'), name: 'a quantity may exceed the largest', from: ' && quantity <= MAX_QUANTITY', to: '' },
  {
    ...row('field-reader'),
    name: 'a quantity may be written as a number of any kind',
    from: 'DIGITS.test(text) ? Number(text) : 0',
    to: 'Number(text)',
  },
  {
    ...row('field-reader'),
    name: 'a date need not exist',
    from: 'date !== undefined && isDay(date)',
    to: 'date !== undefined',
  },
  {
    ...row('sale-row'),
    name: 'discounts may exceed the amount',
    from: 'else if (sellerDiscount + platformDiscount > itemAmount) {',
    to: 'else if (sellerDiscount > itemAmount) {',
  },
  {
    ...row('sale-row'),
    name: 'discounts may not reach the amount',
    from: 'sellerDiscount + platformDiscount > itemAmount',
    to: 'sellerDiscount + platformDiscount >= itemAmount',
  },
  {
    ...row('sale-row'),
    name: 'an item amount may exceed 2^53',
    from: 'if (itemAmount > MAX_MINOR)',
    to: 'if (itemAmount > 2 * MAX_MINOR * MAX_MINOR)',
  },
  { ...row('sale-row'), name: 'a category keeps its spaces', from: 'category: category.trim(),', to: 'category,' },
  {
    ...row('refund-row'),
    name: 'a reason may be of any length',
    from: 'if (reason.length > REASON_MAX && [...reason].length > REASON_MAX)',
    to: 'if (reason.length > 10 * REASON_MAX)',
  },
];
