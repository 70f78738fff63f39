/** Compares payouts with their statements, transfers, history and the ledger. */

/** States of payouts whose money has left the account of what the seller is owed, by where it is. */
const IN_TRANSIT = `p.status = 'SENT'`;
const PAID_OUT = `p.status = 'PAID'`;

/** The payout that a transaction of the ledger is about: `payout:12:1:sent`. */
const PAYOUT_OF_KEY = `CAST(SUBSTRING_INDEX(SUBSTRING_INDEX(t.idempotency_key, ':', 2), ':', -1) AS UNSIGNED)`;

/** Rows `place`, `expected`, `actual` of payouts whose money on an account of the ledger is not what their state says. */
const onAccount = (kind: string, expected: string): string =>
  `SELECT CONCAT('payout ', p.payout_id) AS place, ${expected} AS expected, COALESCE(l.amount, 0) AS actual
   FROM payout p LEFT JOIN (
     SELECT ${PAYOUT_OF_KEY} AS payout_id, SUM(-g.amount_minor) AS amount
     FROM ledger_transaction t JOIN ledger_posting g ON g.transaction_id = t.transaction_id
     JOIN ledger_account a ON a.account_id = g.account_id AND a.kind = '${kind}'
     WHERE t.idempotency_key BETWEEN 'payout:' AND 'payout;' GROUP BY payout_id) l ON l.payout_id = p.payout_id
   WHERE COALESCE(l.amount, 0) <> ${expected} ORDER BY p.payout_id LIMIT 1`;

/** The checks, in the order in which they are reported. */
export const PAYOUT_CHECKS: readonly { readonly name: string; readonly sql: string }[] = [
  {
    name: 'claims',
    sql: `SELECT CONCAT('statement ', c.statement_id) AS place, 'one payout' AS expected, COUNT(*) AS actual
      FROM payout_statement c JOIN payout p ON p.payout_id = c.payout_id AND p.status <> 'CANCELLED'
      GROUP BY c.statement_id HAVING COUNT(*) > 1 ORDER BY c.statement_id LIMIT 1`,
  },
  {
    name: 'cancelled',
    sql: `SELECT CONCAT('payout ', p.payout_id) AS place, IF(p.status = 'CANCELLED', 'no claim', 'a claim of each statement') AS expected,
        'otherwise' AS actual
      FROM payout p JOIN payout_statement c ON c.payout_id = p.payout_id
      WHERE (p.status = 'CANCELLED') <> (c.claimed_id IS NULL) OR (c.claimed_id IS NOT NULL AND c.claimed_id <> c.statement_id)
      ORDER BY p.payout_id LIMIT 1`,
  },
  {
    name: 'amounts',
    sql: `SELECT CONCAT('payout ', p.payout_id) AS place, COALESCE(SUM(s.earned_minor), 0) AS expected, MIN(p.amount_minor) AS actual
      FROM payout p LEFT JOIN payout_statement c ON c.payout_id = p.payout_id
      LEFT JOIN statement s ON s.statement_id = c.statement_id AND s.seller_id = p.seller_id AND s.currency = p.currency
      GROUP BY p.payout_id HAVING COALESCE(SUM(s.earned_minor), 0) <> MIN(p.amount_minor) OR COUNT(s.statement_id) <> COUNT(c.statement_id)
      ORDER BY p.payout_id LIMIT 1`,
  },
  {
    name: 'statements',
    sql: `SELECT CONCAT('statement ', s.statement_id) AS place, IF(p.status = 'PAID', 'PAID', 'ISSUED') AS expected, s.status AS actual
      FROM statement s LEFT JOIN payout_statement c ON c.claimed_id = s.statement_id LEFT JOIN payout p ON p.payout_id = c.payout_id
      WHERE s.status <> IF(p.status = 'PAID', 'PAID', 'ISSUED') ORDER BY s.statement_id LIMIT 1`,
  },
  {
    name: 'approvals',
    sql: `SELECT CONCAT('payout ', p.payout_id) AS place, 'an approval by somebody else of this amount, account and content' AS expected, p.status AS actual
      FROM payout p WHERE (p.status IN ('APPROVED', 'EXPORTED', 'SENT', 'PAID') AND (p.approved_by IS NULL OR p.approved_by = p.maker
          OR p.approved_amount_minor <> p.amount_minor OR p.approved_bank_account_id <> p.bank_account_id OR p.approved_hash <> p.hash))
        OR (p.status IN ('CALCULATED', 'HELD', 'CANCELLED') AND p.approved_by IS NOT NULL)
      ORDER BY p.payout_id LIMIT 1`,
  },
  {
    name: 'history',
    sql: `SELECT CONCAT('payout ', p.payout_id) AS place, COALESCE(e.to_status, 'an entry') AS expected, p.status AS actual
      FROM payout p LEFT JOIN (SELECT payout_id, MAX(event_id) AS event_id FROM payout_event GROUP BY payout_id) l ON l.payout_id = p.payout_id
      LEFT JOIN payout_event e ON e.event_id = l.event_id
      WHERE e.event_id IS NULL OR e.to_status <> p.status OR e.attempt <> p.attempt ORDER BY p.payout_id LIMIT 1`,
  },
  { name: 'in-transit', sql: onAccount('PAYOUT_IN_TRANSIT', `IF(${IN_TRANSIT}, p.amount_minor, 0)`) },
  { name: 'paid-out', sql: onAccount('PAID_OUT', `IF(${PAID_OUT}, p.amount_minor, 0)`) },
  {
    name: 'ledger',
    sql: `SELECT CONCAT('transaction ', t.transaction_id) AS place, 'its payout' AS expected, t.idempotency_key AS actual
      FROM ledger_transaction t LEFT JOIN payout p ON p.payout_id = ${PAYOUT_OF_KEY}
      WHERE t.idempotency_key BETWEEN 'payout:' AND 'payout;' AND (p.payout_id IS NULL OR p.seller_id <> t.seller_id)
      ORDER BY t.transaction_id LIMIT 1`,
  },
  {
    name: 'files',
    sql: `SELECT CONCAT('file F', f.file_id) AS place, CONCAT(f.transfers, ' of ', f.total_minor) AS expected,
        CONCAT(COUNT(t.payout_id), ' of ', COALESCE(SUM(t.amount_minor), 0)) AS actual
      FROM payout_file f LEFT JOIN file_transfer t ON t.file_id = f.file_id WHERE f.status <> 'VOID'
      GROUP BY f.file_id, f.transfers, f.total_minor HAVING COUNT(t.payout_id) <> f.transfers OR COALESCE(SUM(t.amount_minor), 0) <> f.total_minor
      ORDER BY f.file_id LIMIT 1`,
  },
  {
    name: 'transfers',
    sql: `SELECT CONCAT('payout ', p.payout_id) AS place, p.status AS expected, COALESCE(t.status, v.status, 'no transfer') AS actual
      FROM payout p LEFT JOIN file_transfer t ON t.payout_id = p.payout_id AND t.attempt = p.attempt AND t.status <> 'VOID'
      LEFT JOIN provider_transfer v ON v.payout_id = p.payout_id AND v.attempt = p.attempt
      WHERE p.status IN ('EXPORTED', 'SENT', 'PAID', 'FAILED', 'RETURNED')
        AND ((t.payout_id IS NULL) = (v.payout_id IS NULL)
          OR CASE COALESCE(t.status, v.status) WHEN 'ORDERED' THEN 'EXPORTED' WHEN 'OPEN' THEN 'SENT' ELSE COALESCE(t.status, v.status) END <> p.status)
      ORDER BY p.payout_id LIMIT 1`,
  },
];
