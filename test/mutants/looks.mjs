/** Verifying the ledger: what a look leaves out no check would find any more. */
const ledger = { file: 'core/ledger/stores/ledger-check.ts', tests: 'test/core/ledger/verify.test.ts' };
const generations = {
  ...{ file: 'core/postings/stores/settlement-posting.ts', tests: 'test/core/postings/posted-generations.test.ts' },
  only: 'the look at posted generations',
};

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...ledger,
    name: 'a transaction may not add up to zero',
    from: 'COUNT(*) < 2 OR SUM(p.amount_minor) <> 0 AS wrong',
    to: 'COUNT(*) < 2 AS wrong',
  },
  {
    ...ledger,
    name: 'a posting may count for another date than its transaction',
    from: ' AND t.effective_on = p.effective_on AND t.recorded_at',
    to: ' AND t.recorded_at',
  },
  {
    ...ledger,
    name: 'a posting may be recorded at another time than its transaction',
    from: ' AND t.recorded_at = p.recorded_at\n',
    to: '\n',
  },
  {
    ...ledger,
    name: 'a transaction may have no posting',
    from: 'OR transactions <>',
    to: 'OR transactions >',
  },
  { ...ledger, name: 'a posting may have no transaction', from: 'OR postings <>', to: 'OR postings >' },
  {
    ...ledger,
    name: 'a posting may have no account',
    from: 'WHERE a.account_id IS NULL LIMIT',
    to: 'WHERE FALSE LIMIT',
  },
  {
    ...ledger,
    name: 'a transaction may have two currencies',
    from: 'WHERE postings <> (SELECT COUNT(*) FROM ledger_posting p WHERE',
    to: 'WHERE postings > (SELECT COUNT(*) FROM ledger_posting p WHERE',
  },
  {
    ...ledger,
    name: 'a transaction may have two currencies that few accounts have',
    from: 'GROUP BY p.transaction_id, a.currency)',
    to: 'GROUP BY p.transaction_id)',
  },
  { ...ledger, name: 'a sum of a day may be another', from: 'WHERE wrong > 0 OR days', to: 'WHERE days' },
  {
    ...ledger,
    name: 'there may be a sum of a day without postings',
    from: ' OR days <> (SELECT COUNT(*) FROM ledger_day)',
    to: '',
  },
  { ...ledger, name: 'a balance may be another', from: 'WHERE wrong > 0 OR moved', to: 'WHERE moved' },
  {
    ...ledger,
    name: 'there may be a balance without postings',
    from: ' OR moved <> (SELECT COUNT(*) FROM ledger_balance WHERE amount_minor <> 0)',
    to: '',
  },
  {
    ...generations,
    name: 'what was credited may be another amount',
    from: 'AND s.net = -p.amount_minor AND',
    to: 'AND',
  },
  {
    ...generations,
    name: 'a settlement may have two transactions',
    from: 'AND t.seller_id = a.owner AND t.idempotency_key =',
    to: 'AND t.seller_id = a.owner AND t.idempotency_key >=',
  },
  { ...generations, name: 'what is credited may have no settlement', from: 'WHERE found <> amounts OR ', to: 'WHERE ' },
  { ...generations, name: 'a settlement may not be credited', from: ' OR found <> owing', to: '' },
  {
    ...generations,
    name: 'a generation that is not posted may have transactions',
    from: ' OR early > 0`',
    to: '`',
  },
];
