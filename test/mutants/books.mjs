/** From lines to money: what is posted, stated, recovered, paid, and what the bank may say. */
const waterfall = {
  ...{ file: 'core/statements/rules/waterfall.ts', tests: 'test/core/statements/waterfall.test.ts' },
  quick: true,
};
const ledger = { file: 'core/ledger/rules/transaction.ts', tests: 'test/core/ledger/rules.test.ts', quick: true };
const results = {
  ...{ file: 'core/payouts/rules/bank-files/transfer-results.ts', tests: 'test/core/payouts/bank-file-read.test.ts' },
  quick: true,
};
const closing = 'test/core/statements/close.test.ts';
const found = 'test/core/statements/found.test.ts';
const golden = 'test/books/golden.test.ts';
const close = { file: 'core/statements/rules/close-account.ts', tests: golden };
const sums = { file: 'core/statements/rules/sums.ts', tests: golden };
const whyNot = { file: 'core/payouts/rules/why-not-paid.ts', tests: golden };

const entry = { file: 'core/adjustments/post-entry.ts', tests: 'test/core/adjustments/adjustments.test.ts' };
const decide = { file: 'core/adjustments/decide-adjustment.ts', tests: 'test/core/adjustments/adjustments.test.ts' };
const proposal = { file: 'core/adjustments/rules/adjustment.ts', tests: 'test/core/adjustments/adjustments.test.ts' };
const files = 'test/core/payouts/payout-files.test.ts';
const overHttp = 'test/api/verifications/books.test.ts';

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...{ file: 'batch/tasks/verify-books-task.ts', tests: overHttp, only: 'that finds a difference' },
    name: 'a verification of the books over HTTP raises no alarm',
    from: '    await tellBooks(db, books, verification);\n',
    to: '',
  },
  {
    ...{ file: 'batch/tasks/verify-books-task.ts', tests: overHttp, only: 'is in the audit log' },
    name: 'what a verification of the books over HTTP found is not in the audit log',
    from: "end.status !== 'COMPLETED'",
    to: "end.status === 'COMPLETED'",
  },
  {
    ...{ file: 'core/postings/dates-to-post.ts', tests: 'test/api/runs/request-postings.test.ts' },
    name: 'a posting that was stopped cannot be asked for over HTTP',
    from: ', ...(await unfinishedKeys(db, POST_STEP.job, from, to))',
    to: '',
  },
  {
    ...waterfall,
    name: 'more is netted than the seller owes',
    from: 'leastMinor(unpaidMinor, receivableMinor) : 0n',
    to: 'unpaidMinor : 0n',
  },
  {
    ...waterfall,
    name: 'a debt of this statement does not wait',
    from: 'waited > taken ? waited - taken : 0n',
    to: 'rest',
  },
  {
    ...waterfall,
    name: 'more is taken from the reserve than it holds',
    from: 'taken = leastMinor(rest, reserveMinor);',
    to: 'taken = rest;',
  },
  { ...waterfall, name: 'what the reserve has paid is owed still', from: '      rest -= taken;\n', to: '' },
  {
    ...waterfall,
    name: 'without set-off a debit is no receivable',
    from: 'debited + owed(settledMinor)',
    to: 'owed(settledMinor)',
  },
  {
    ...waterfall,
    name: 'terms without set-off are netted all the same',
    from: 'terms.noSetOff ? withoutSetOff(standing)',
    to: 'terms.noSetOff && terms.clawback.length === 0 ? withoutSetOff(standing)',
  },
  {
    ...ledger,
    name: 'a transaction need not balance',
    from: 'if (sum !== 0n) return refuse',
    to: 'if (sum > 0n) return refuse',
  },
  { ...ledger, name: 'one posting is enough', from: 'postings.length < 2', to: 'postings.length < 1' },
  {
    ...ledger,
    name: 'an account may stand twice in a transaction',
    from: 'accounts.size < postings.length || ',
    to: '',
  },
  {
    ...ledger,
    name: 'every event may take an account below its limit',
    from: '|| overdraws.includes(account.kind)) continue;',
    to: '|| overdraws.length > 0) continue;',
  },
  {
    ...results,
    name: 'a line may follow the trailer',
    from: "    if (ended) report(record.line, 'TRAILER_NOT_LAST', 'a line follows the trailer');\n",
    to: '',
  },
  {
    ...results,
    name: 'a file that was cut off is read',
    from: "  if (!ended) report(last.line, 'TRAILER_MISSING', 'the file ends without a trailer: it was cut off');\n",
    to: '',
  },
  {
    ...results,
    name: 'a transfer may have two results in a file',
    from: "if (before !== undefined) report(record.line, 'REFERENCE_REPEATED'",
    to: "if (before === -1) report(record.line, 'REFERENCE_REPEATED'",
  },
  {
    ...results,
    name: 'the trailer may count other results',
    from: 'if (whole && !isNumber(count, results.length))',
    to: 'if (!whole && !isNumber(count, results.length))',
  },
  { ...results, name: 'the trailer may say more than the results come to', from: 'said !== sum)', to: 'said < sum)' },
  {
    ...results,
    name: 'a result that nobody knows is left out',
    from: "if (meaning === undefined) report(line, 'RESULT_UNKNOWN'",
    to: "if (meaning === null) report(line, 'RESULT_UNKNOWN'",
  },
  {
    ...close,
    name: 'the reserve is rounded down',
    from: "BigInt(FULL_RATE_E4), 'half-up')",
    to: "BigInt(FULL_RATE_E4), 'down')",
  },
  {
    ...close,
    name: 'a reserve is given back a day late',
    from: '    return this.reserves\n      .filter(({ dueOn }) => dueOn <= closesOn)',
    to: '    return this.reserves\n      .filter(({ dueOn }) => dueOn < closesOn)',
  },
  {
    ...close,
    name: 'payouts are earned',
    from: 'items.filter((item) => !isPayout(item))',
    to: 'items.filter(() => true)',
  },
  {
    ...close,
    tests: closing,
    name: 'what was earned is not carried',
    from: '    this.unpaidMinor += earnedMinor;\n',
    to: '',
  },
  {
    ...close,
    tests: closing,
    name: 'a reserve is kept of debts that are made up for',
    from: 'leastMinor(ownMinor, this.unpaidMinor + ownMinor)',
    to: 'ownMinor',
  },
  { ...close, name: 'a period takes what comes after it', from: 'settledOn <= closesOn', to: 'settledOn >= closesOn' },
  { ...sums, name: 'refunds are among the sales', from: '    addEach(sales, refundText, 0, -1);\n', to: '' },
  {
    ...whyNot,
    name: 'nothing is paid out as a payout of zero',
    from: 'amountMinor <= 0n ||',
    to: 'amountMinor < 0n ||',
  },
  {
    ...whyNot,
    name: 'the minimum is not looked at',
    from: 'return terms === null ? undefined : belowMinimum(known, terms);',
    to: 'return terms === null || amountMinor > 0n ? undefined : belowMinimum(known, terms);',
  },
  {
    ...{ file: 'core/payouts/payout-step.ts', tests: files },
    name: 'a payout is sent whatever its seller is owed',
    from: 'if (owedMinor < amountMinor) changed',
    to: 'if (owedMinor < 0n - amountMinor) changed',
  },
  {
    ...{ file: 'core/payouts/payout-step.ts', tests: files },
    name: 'two payouts of a seller are each compared with all that it is owed',
    from: '      taken.set(account, before + payout.amountMinor);\n',
    to: '',
  },
  {
    ...{ file: 'core/ledger/rules/posting-rules.ts', tests: files },
    name: 'what a bank has paid is refused where the seller is owed less',
    from: "PAYOUT_SENT: move('SELLER_PAYABLE', 'PAYOUT_IN_TRANSIT', 'SELLER_PAYABLE')",
    to: "PAYOUT_SENT: move('SELLER_PAYABLE', 'PAYOUT_IN_TRANSIT')",
  },
  {
    ...{ file: 'core/statements/load-accounts.ts', tests: closing },
    name: 'what a clock that was set back has hidden is not looked for',
    from: 'missingMinor !== 0n)',
    to: "missingMinor !== 0n && through === '')",
  },
  {
    ...{ file: 'core/statements/load-accounts.ts', tests: found },
    name: 'a settlement of zero counts as a posting',
    from: "(netOf(one) === '0' ? count : count + 1)",
    to: 'count + (netOf(one) === null ? 0 : 1)',
  },
  {
    ...{ file: 'infra/stores/row-writer.ts', tests: 'test/infra/row-writer.test.ts' },
    name: 'a backslash stands in a literal as it is',
    from: "/['\\\\\\p{Cc}]/u",
    to: "/['\\p{Cc}]/u",
  },
  {
    ...{ file: 'infra/database.ts', tests: 'test/infra/row-writer.test.ts' },
    name: 'a question mark in a statement without parameters is one',
    from: 'target.raw(...call)',
    to: 'target.raw(call[0] as string, (call as unknown[])[1] ?? ([] as never))',
  },
  {
    ...{ file: 'core/statements/stores/issue.ts', tests: found },
    name: 'what is not posted is copied to a statement',
    from: '  if (copied === ',
    to: '  if (copied >= ',
  },
  {
    ...{ file: 'core/statements/stores/issue.ts', tests: found },
    name: 'settlements are copied to statements of other accounts',
    from: ' AND t.statement_id IN (?)`',
    to: ' AND COALESCE(?) IS NOT NULL`',
  },
  {
    ...{ file: 'core/payouts/stores/provider-transfer.ts', tests: 'test/core/payouts/provider-steps.test.ts' },
    name: 'a transfer that was taken for lost is never looked up again',
    from: "status IN ('OPEN', 'PAID', 'FAILED') AND",
    to: "status IN ('OPEN', 'PAID') AND",
  },
  {
    ...{ file: 'core/payouts/rules/transfer-state.ts', tests: 'test/core/payouts/rules/transfer-state.test.ts' },
    name: 'a transfer that is over is looked up longer than the setting says',
    from: 'watchDays - passed',
    to: 'watchDays',
    quick: true,
  },
  {
    ...entry,
    name: 'the fee of a chargeback is borne by the other',
    from: "const ofSeller = entry.feeBy === 'SELLER'",
    to: "const ofSeller = entry.feeBy !== 'SELLER'",
  },
  {
    ...entry,
    name: 'a seller without set-off owes the fee that the platform bears',
    from: "(entry.feeBy === 'SELLER' ? BigInt(entry.feeMinor) : 0n)",
    to: 'BigInt(entry.feeMinor)',
  },
  {
    ...entry,
    name: 'what an entry takes of a seller without set-off is netted until the close',
    from: 'if (isDebitOfSeller(kind) &&',
    to: 'if (false &&',
  },
  {
    ...entry,
    name: 'the fee of a chargeback is not posted',
    from: 'entry.feeMinor > 0',
    to: 'entry.feeMinor < 0',
  },
  {
    ...decide,
    name: 'a write-off may be more than is owed',
    from: "opened.kind === 'WRITE_OFF' ?",
    to: "opened.kind !== 'WRITE_OFF' ?",
  },
  {
    ...decide,
    name: 'who proposed an entry may post it',
    from: "(await isSecondPerson(tx, person, opened)) ? undefined : refuse('APPROVER_NOT_SECOND')",
    to: '(await isSecondPerson(tx, person, opened)) ? undefined : undefined',
  },
  {
    ...proposal,
    name: 'a dispute that is over may be won',
    from: "return dispute === 'OPENED' ? undefined",
    to: 'return dispute !== null ? undefined',
  },
  {
    ...proposal,
    name: 'an entry may count for a day that is on a statement',
    from: 'if (firstOpen !== undefined && askedOn < firstOpen)',
    to: 'if (firstOpen !== undefined && askedOn > firstOpen)',
  },
];
