/** Which days banks are closed on, which period a date belongs to, when it is paid out, and which versions of terms may follow each other. */
const rules = (/** @type {string} */ capability, /** @type {string} */ name) => ({
  file: `core/${capability}/rules/${name}.ts`,
  tests: `test/core/${capability}/rules/${name}.test.ts`,
  quick: true,
});
const holidays = rules('business-days', 'holidays');
const calendar = rules('business-days', 'business-calendar');
const days = rules('business-days', 'holiday-file');
const periods = rules('terms', 'periods');
const book = rules('terms', 'terms-book');
const file = rules('terms', 'terms-file');
const kept = { file: 'core/business-days/keep-calendar.ts', tests: 'test/cli/terms.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...holidays,
    name: 'a Saturday of Chuseok has a substitute',
    from: "{ from: '2013-11-05', saturday: false }",
    to: "{ from: '2013-11-05', saturday: true }",
  },
  {
    ...holidays,
    name: 'both holidays of one weekday have a substitute',
    from: 'eligible.slice(0, holidays.length - 1)',
    to: 'holidays.length > 1 ? eligible : []',
  },
  {
    ...holidays,
    name: 'a substitute falls on an announced holiday',
    from: '[...publicDays, ...announced].map',
    to: '[...publicDays].map',
  },
  {
    ...holidays,
    name: 'two substitutes fall on one day',
    from: '      taken.add(on);\n',
    to: '',
  },
  {
    ...holidays,
    name: 'an abolished holiday keeps its substitute',
    from: 'ruled.filter(({ date }) => !open.has(date));',
    to: 'ruled;',
  },
  {
    ...calendar,
    name: 'days outside the years of the calendar are taken for business days',
    from: 'date < FIRST_DATE || date > LAST_DATE',
    to: 'date < FIRST_DATE',
  },
  { ...calendar, name: 'a date rolls back where it should go on', from: "rule === 'before' ? -1 : 1", to: '-1' },
  {
    ...days,
    name: 'a date may be named twice in a file',
    from: '  faults.push(...repeated(raw));\n',
    to: '',
  },
  {
    ...days,
    name: 'what was announced before stays beside what a file says',
    from: 'before.workdays.filter((day) => !named.has(day))',
    to: 'before.workdays',
  },
  {
    ...kept,
    name: 'two imports at once do not wait for each other',
    file: 'core/business-days/stores/business-calendar.ts',
    from: 'WHERE book_id = 1 FOR UPDATE',
    to: 'WHERE book_id = 1',
  },
  {
    ...kept,
    name: 'a calendar of older rules stays the latest',
    from: 'if (latest !== undefined && latest.rulesNumber >= RULES_NUMBER) return latest;\n  return inTransaction',
    to: 'if (latest !== undefined) return latest;\n  return inTransaction',
  },
  {
    ...periods,
    name: 'a period is not cut by other terms',
    from: 'natural === null || (to !== null && to < natural) ? to : natural',
    to: 'natural === null ? to : natural',
    only: 'cuts it on the day before',
  },
  {
    ...periods,
    name: 'a period begins before its terms',
    from: 'day < date && day >= from',
    to: 'day < date',
    only: 'cuts it on the day before',
  },
  {
    ...periods,
    name: 'a payout comes before its period is over',
    from: 'rolled > closesOn ? rolled :',
    to: 'rolled >= closesOn ? rolled :',
    only: 'never comes before its period is over',
  },
  {
    ...book,
    name: 'a version may begin on the first day of the one before',
    from: 'it.effectiveFrom >= terms.effectiveFrom',
    to: 'it.effectiveFrom > terms.effectiveFrom',
  },
  {
    ...book,
    name: 'a lower version may come later',
    from: 'it.version > terms.version || ',
    to: '',
  },
  { ...book, name: 'a version lasts into the next', from: 'dayBefore(next.effectiveFrom)', to: 'next.effectiveFrom' },
  {
    ...book,
    name: "the terms of all sellers are in force beside a seller's own",
    from: 'spansOf(general).flatMap((span) => uncovered(span, spans))',
    to: 'spansOf(general)',
  },
  {
    ...file,
    name: 'terms without set-off may net',
    from: "jsonMember(raw, 'noSetOff') === true && ",
    to: "jsonMember(raw, 'noSetOff') === 1 && ",
  },
  { ...file, name: 'given dates need not ascend', from: 'closesOn <= before', to: 'closesOn < before' },
];
