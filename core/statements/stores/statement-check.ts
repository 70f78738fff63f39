/** Adds up statements again and finds the first place with another figure. Each query has rows `place`, `expected`, `actual`. */
import { FIGURES } from '../../settlement/rules/figures.js';
import { PAYOUT_KINDS } from '../rules/sums.js';

const KEY =
  's.settled_on = c.settled_on AND s.seller_id = c.seller_id AND s.currency = c.currency AND s.generation = c.generation';
const PLACE = `CONCAT('statement ', st.statement_id)`;
const PAYOUTS = PAYOUT_KINDS.map((kind) => `'${kind}'`).join(', ');

/** The totals of the contents of statements: net of settlements, other earnings, payouts. */
const CONTENTS = `SELECT statement_id, SUM(earned) AS earned, SUM(paid) AS paid FROM (
    SELECT c.statement_id, s.net AS earned, 0 AS paid FROM statement_settlement c JOIN settlement s ON ${KEY}
    UNION ALL SELECT i.statement_id, IF(COALESCE(o.kind, t.kind) IN (${PAYOUTS}), 0, i.amount_minor), IF(COALESCE(o.kind, t.kind) IN (${PAYOUTS}), i.amount_minor, 0)
      FROM statement_item i JOIN ledger_transaction t ON t.transaction_id = i.transaction_id LEFT JOIN ledger_transaction o ON o.transaction_id = t.reverses_id
  ) each_ GROUP BY statement_id`;

const FIGURE_SUMS = FIGURES.map(({ column }) => `SUM(${column}) AS ${column}`).join(', ');
const FIGURE_TEXT = (alias: string): string =>
  `CONCAT_WS(' ', ${FIGURES.map(({ column }) => `COALESCE(${alias}.${column}, 0)`).join(', ')})`;
const NO_TIME = `IN ('SETTLEMENT', 'REFUND_AFTER_SETTLEMENT')`;

export const STATEMENT_CHECKS = [
  {
    name: 'chain',
    sql: `SELECT ${PLACE} AS place, CONCAT_WS(' ', 'number', COALESCE(b.number, 0) + 1, 'opening', COALESCE(b.closing_minor, 0)) AS expected,
        CONCAT_WS(' ', 'number', st.number, 'opening', st.opening_minor, 'after', b.closes_on) AS actual
      FROM statement st LEFT JOIN statement b ON b.seller_id = st.seller_id AND b.currency = st.currency AND b.number = st.number - 1
      WHERE st.opening_minor <> COALESCE(b.closing_minor, 0) OR (st.number > 1 AND b.number IS NULL) OR b.closes_on >= st.closes_on
        OR b.closes_on >= st.period_from OR st.period_from > st.closes_on OR st.payout_on <= st.closes_on
      ORDER BY st.statement_id LIMIT 1`,
  },
  {
    name: 'sums',
    sql: `SELECT ${PLACE} AS place, CONCAT_WS(' ', 'earned', COALESCE(x.earned, 0), 'closing', st.opening_minor + COALESCE(x.earned + x.paid, 0)) AS expected,
        CONCAT_WS(' ', 'earned', st.earned_minor, 'closing', st.closing_minor) AS actual
      FROM statement st LEFT JOIN (${CONTENTS}) x ON x.statement_id = st.statement_id
      WHERE st.earned_minor <> COALESCE(x.earned, 0) OR st.closing_minor <> st.opening_minor + COALESCE(x.earned + x.paid, 0)
      ORDER BY st.statement_id LIMIT 1`,
  },
  {
    name: 'totals',
    sql: `SELECT CONCAT('statement ', statement_id) AS place, expected, actual FROM (
        SELECT st.statement_id, CONCAT_WS(' ', COALESCE(x.entries, 0), ${FIGURE_TEXT('x')}) AS expected, CONCAT_WS(' ', COALESCE(y.entries, 0), ${FIGURE_TEXT('y')}) AS actual
        FROM statement st LEFT JOIN (SELECT c.statement_id, SUM(s.sales + s.refunds) AS entries, ${FIGURE_SUMS} FROM statement_settlement c JOIN settlement s ON ${KEY}
          GROUP BY c.statement_id) x ON x.statement_id = st.statement_id
        LEFT JOIN (SELECT statement_id, SUM(entries) AS entries, ${FIGURE_SUMS} FROM statement_total GROUP BY statement_id) y ON y.statement_id = st.statement_id
      ) both_ WHERE expected <> actual ORDER BY statement_id LIMIT 1`,
  },
  {
    name: 'refunds',
    sql: `SELECT CONCAT('statement ', statement_id) AS place, expected, actual FROM (
        SELECT st.statement_id, CONCAT_WS(' ', COALESCE(x.entries, 0), ${FIGURE_TEXT('x')}) AS expected, CONCAT_WS(' ', COALESCE(y.entries, 0), ${FIGURE_TEXT('y')}) AS actual
        FROM statement st LEFT JOIN (SELECT c.statement_id, SUM(z.refunds) AS entries, ${FIGURES.map(({ column }) => `SUM(s.${column}) AS ${column}`).join(', ')}
          FROM statement_settlement c JOIN settlement_refund s ON ${KEY}
          JOIN settlement z ON z.settled_on = c.settled_on AND z.seller_id = c.seller_id AND z.currency = c.currency AND z.generation = c.generation
          GROUP BY c.statement_id) x ON x.statement_id = st.statement_id
        LEFT JOIN statement_total y ON y.statement_id = st.statement_id AND y.leg = 1
      ) both_ WHERE expected <> actual ORDER BY statement_id LIMIT 1`,
  },
  {
    name: 'settlements',
    sql: `SELECT CONCAT_WS(' ', 'settlement', c.settled_on, c.generation, c.seller_id, c.currency) AS place,
        'a posted settlement of the seller, not later than the period' AS expected, CONCAT('on statement ', c.statement_id) AS actual
      FROM statement_settlement c LEFT JOIN statement st ON st.statement_id = c.statement_id AND st.seller_id = c.seller_id AND st.currency = c.currency AND st.closes_on >= c.settled_on
        LEFT JOIN settlement s ON ${KEY} LEFT JOIN posted_generation g ON g.settled_on = c.settled_on AND g.generation = c.generation
      WHERE st.statement_id IS NULL OR s.seller_id IS NULL OR g.generation IS NULL ORDER BY c.settled_on, c.seller_id LIMIT 1`,
  },
  {
    name: 'transactions',
    sql: `SELECT CONCAT('transaction ', i.transaction_id) AS place, CONCAT_WS(' ', t.kind, -p.amount_minor, a.owner, a.currency) AS expected,
        CONCAT_WS(' ', i.kind, i.amount_minor, st.seller_id, st.currency) AS actual
      FROM statement_item i LEFT JOIN statement st ON st.statement_id = i.statement_id LEFT JOIN ledger_transaction t ON t.transaction_id = i.transaction_id
        LEFT JOIN ledger_account a ON a.kind = 'SELLER_PAYABLE' AND a.owner = st.seller_id AND a.currency = st.currency
        LEFT JOIN ledger_posting p ON p.transaction_id = i.transaction_id AND p.account_id = a.account_id
      WHERE p.amount_minor IS NULL OR -p.amount_minor <> i.amount_minor OR t.kind <> i.kind OR t.effective_on > st.closes_on
      ORDER BY i.transaction_id LIMIT 1`,
  },
  {
    name: 'missed-transactions',
    sql: `SELECT CONCAT_WS(' ', 'transaction', p.transaction_id, 'of', a.owner, a.currency) AS place, 'on a statement' AS expected, 'on none' AS actual
      FROM statement_account m JOIN ledger_account a ON a.account_id = m.account_id
        JOIN ledger_posting p ON p.account_id = m.account_id AND p.recorded_at < m.open_since - INTERVAL 1 DAY
        JOIN ledger_transaction t ON t.transaction_id = p.transaction_id AND t.kind NOT ${NO_TIME}
        LEFT JOIN statement_item i ON i.transaction_id = p.transaction_id
      WHERE i.transaction_id IS NULL ORDER BY p.transaction_id LIMIT 1`,
  },
  {
    name: 'missed-settlements',
    sql: `SELECT CONCAT_WS(' ', 'settlement', s.settled_on, s.generation, s.seller_id, s.currency) AS place, 'on a statement' AS expected, 'on none' AS actual
      FROM statement_account m JOIN ledger_account a ON a.account_id = m.account_id
        JOIN settlement s ON s.seller_id = a.owner AND s.currency = a.currency
        JOIN posted_generation g ON g.settled_on = s.settled_on AND g.generation = s.generation AND g.posted_at < m.open_since - INTERVAL 1 DAY
        LEFT JOIN statement_settlement c ON ${KEY}
      WHERE c.statement_id IS NULL ORDER BY s.settled_on, s.seller_id LIMIT 1`,
  },
  {
    name: 'ledger',
    sql: `SELECT CONCAT_WS(' ', a.owner, a.currency) AS place, COALESCE(SUM(p.amount), 0) AS expected, MAX(st.closing_minor) AS actual
      FROM ledger_account a JOIN (SELECT seller_id, currency, MAX(number) AS number FROM statement GROUP BY seller_id, currency) n ON n.seller_id = a.owner AND n.currency = a.currency
        JOIN statement st ON st.seller_id = n.seller_id AND st.currency = n.currency AND st.number = n.number
        LEFT JOIN (
          SELECT p.account_id, -p.amount_minor AS amount FROM statement_item i JOIN ledger_posting p ON p.transaction_id = i.transaction_id
          UNION ALL SELECT x.account_id, -p.amount_minor FROM statement_settlement c JOIN ledger_account x ON x.kind = 'SELLER_PAYABLE' AND x.owner = c.seller_id AND x.currency = c.currency
            JOIN ledger_transaction t ON t.idempotency_key = CONVERT(CONCAT('settlement:', c.settled_on, ':', c.generation, ':', c.seller_id, ':', c.currency) USING ascii) COLLATE ascii_bin
            JOIN ledger_posting p ON p.transaction_id = t.transaction_id AND p.account_id = x.account_id
        ) p ON p.account_id = a.account_id
      WHERE a.kind = 'SELLER_PAYABLE' GROUP BY a.account_id, a.owner, a.currency HAVING COALESCE(SUM(p.amount), 0) <> MAX(st.closing_minor) ORDER BY a.account_id LIMIT 1`,
  },
] as const;
