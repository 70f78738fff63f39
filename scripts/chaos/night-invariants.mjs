/** The invariants after a night, checked from outside by SQL alone. `magam verify` is run as well. */
import { readLines, violations } from './invariants.mjs';

/** @typedef {import('./scratch-database.mjs').ScratchDatabase} ScratchDatabase */

const NAMED =
  'orderId lineId leg refundId sellerId currency quantity itemAmount sellerDiscount platformDiscount shippingFee buyerPaid feeBase fee feeVat vatMode pgFee pgFeeVat net policyCode policyVersion';

/**
 * The content of the dates, entry by entry under the names of the files. The date and the ids under which a late entry was settled are left out.
 * @param {ScratchDatabase} db
 * @param {readonly string[]} dates
 */
export async function booksOf(db, dates) {
  const lines = [];
  for (const date of dates) {
    for (const line of await readLines(db, date))
      lines.push(
        NAMED.split(' ')
          .map((name) => `${name}=${line[name]}`)
          .join(' '),
      );
  }
  const parked = await db.rows(
    `SELECT x.code, x.leg, s.order_id, s.line_id, COALESCE(r.refund_id, '') AS refund_id FROM settlement_exception x
     LEFT JOIN refund_entry r ON x.leg = 1 AND r.settled_on = x.settled_on AND r.entry_id = x.entry_id
     LEFT JOIN sale_entry s ON s.settled_on = IF(x.leg = 0, x.settled_on, r.original_on) AND s.entry_id = IF(x.leg = 0, x.entry_id, r.original_id)
     WHERE x.settled_generation IS NULL`,
  );
  return { lines: lines.sort(), parked: parked.map((row) => Object.values(row).join(' ')).sort() };
}

/**
 * The first differences between two books.
 * @param {Awaited<ReturnType<typeof booksOf>>} books
 * @param {Awaited<ReturnType<typeof booksOf>>} expected
 * @returns {string[]}
 */
export function differences(books, expected) {
  /** @param {string} what @param {string[]} actual @param {string[]} wanted */
  const compare = (what, actual, wanted) => {
    const [has, wants] = [new Set(actual), new Set(wanted)];
    const more = actual
      .filter((row) => !wants.has(row))
      .map((row) => `a ${what} that an undisturbed run does not have: ${row}`);
    const less = wanted.filter((row) => !has.has(row)).map((row) => `a ${what} is missing: ${row}`);
    const counts = actual.length === wanted.length ? [] : [`${actual.length} ${what}s instead of ${wanted.length}`];
    return [...counts, ...more.slice(0, 5), ...less.slice(0, 5)];
  };
  return [...compare('line', books.lines, expected.lines), ...compare('parked entry', books.parked, expected.parked)];
}

/**
 * @typedef {object} NightFacts
 * @property {readonly string[]} dates all that must be closed
 * @property {Readonly<Record<'lines' | 'refunds' | 'late', number>>} rows of the files
 * @property {number} rejected rows of the late file that are left out
 * @property {ReadonlySet<number>} newerPids processes of the newer program
 * @property {readonly { name: string, hash: string }[]} certified seen after earlier stages
 */

/**
 * The faults after a night, in words.
 * @param {ScratchDatabase} db
 * @param {NightFacts} facts
 * @returns {Promise<string[]>}
 */
export async function nightViolations(db, facts) {
  /** @type {string[]} */
  const wrong = [];
  /** @param {string} what @param {string} sql @param {unknown[]} [params] */
  const none = async (what, sql, params) => {
    const rows = await db.rows(sql, params);
    if (rows.length > 0) wrong.push(`${what}: ${JSON.stringify(rows.slice(0, 5))}`);
  };
  for (const date of facts.dates) {
    for (const violation of await violations(db, date)) wrong.push(`${date}: ${violation}`);
  }
  await none(
    'runs that are not completed though nobody works on them',
    `SELECT job, job_key, status FROM job_instance WHERE status NOT LIKE 'COMPLETED%'`,
  );
  await none(
    'partitions that are not done',
    `SELECT partition_id, status, owner FROM run_partition WHERE status <> 'DONE'`,
  );
  await checkImports(db, facts, wrong, none);
  await checkVersions(facts, none);
  const certificates = new Set((await certificatesOf(db)).map(({ name, hash }) => `${name} ${hash}`));
  for (const { name, hash } of facts.certified) {
    if (!certificates.has(`${name} ${hash}`))
      wrong.push(`the certificate of ${name} was ${hash}, and does not exist any more`);
  }
  return wrong;
}

/** @typedef {(what: string, sql: string, params?: unknown[]) => Promise<void>} None */

/**
 * Every import has ended, its counts match the entries that it wrote, and nothing of the wrong file is left.
 * @param {ScratchDatabase} db
 * @param {NightFacts} facts
 * @param {string[]} wrong
 * @param {None} none
 */
async function checkImports(db, { rows, rejected }, wrong, none) {
  const written =
    '(SELECT COUNT(*) FROM sale_entry s WHERE s.import_id = i.import_id) + (SELECT COUNT(*) FROM refund_entry r WHERE r.import_id = i.import_id)';
  await none(
    'imports whose counts are not those of their entries',
    `SELECT import_id, source, status, rows_total, rows_new, rows_unchanged, rows_rejected, ${written} AS written FROM feed_import i
     WHERE IF(status = 'COMPLETED', rows_new <> ${written} OR rows_total <> rows_new + rows_unchanged + rows_rejected, ${written} <> 0)`,
  );
  await none(
    'imports that have not ended',
    `SELECT import_id, source, status FROM feed_import WHERE status IN ('RUNNING', 'ABANDONING')`,
  );
  await none(
    'rows of the file that was taken back',
    `SELECT order_id, line_id FROM sale_entry WHERE order_id LIKE 'WRONG-%'`,
  );
  await none('rows that were refused', `SELECT order_id, line_id FROM sale_entry WHERE order_id LIKE 'BAD-%'`);
  const [found] = await db.rows(
    `SELECT (SELECT COUNT(*) FROM sale_entry WHERE order_id LIKE 'DAY-%') AS \`lines\`, (SELECT COUNT(*) FROM refund_entry) AS refunds,
       (SELECT COUNT(*) FROM sale_entry WHERE order_id LIKE 'LATE-%') AS late,
       (SELECT rows_rejected FROM feed_import WHERE source LIKE '%late.csv' AND status = 'COMPLETED' ORDER BY import_id DESC LIMIT 1) AS rejected`,
  );
  const expected = {
    lines: String(rows.lines),
    refunds: String(rows.refunds),
    late: String(rows.late),
    rejected: String(rejected),
  };
  if (JSON.stringify(found) !== JSON.stringify(expected))
    wrong.push(`the feed has ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
}

/**
 * Only processes with the rules of a plan have committed its work.
 * @param {NightFacts} facts
 * @param {None} none
 */
async function checkVersions({ newerPids }, none) {
  const newer = newerPids.size === 0 ? 'FALSE' : `e.pid IN (${[...newerPids].join(', ')})`;
  await none(
    'work of processes with other rules than those of the plan',
    `SELECT l.run_id, l.generation, l.parameters, e.pid, x.entries FROM run_plan l
     JOIN run_partition p ON p.run_id = l.run_id AND p.generation = l.generation
     JOIN partition_execution x ON x.partition_id = p.partition_id AND x.chunks > 0
     JOIN job_execution e ON e.execution_id = x.execution_id
     WHERE JSON_EXTRACT(l.parameters, '$.rules') <> IF(${newer}, 2, 1)`,
  );
  await none(
    'certificates with other rules than those of the plan',
    `SELECT c.settled_on, c.generation FROM settlement_certificate c JOIN job_instance i ON i.job_key = c.settled_on
     JOIN run_plan l ON l.run_id = i.run_id AND l.generation = c.generation
     WHERE JSON_EXTRACT(c.body, '$.rules') <> JSON_EXTRACT(l.parameters, '$.rules')`,
  );
}

/**
 * @param {ScratchDatabase} db
 * @returns {Promise<{ name: string, hash: string }[]>}
 */
export async function certificatesOf(db) {
  const rows = await db.rows(`SELECT CONCAT(settled_on, '/', generation) AS name, hash FROM settlement_certificate`);
  return rows.map(({ name, hash }) => ({ name: String(name), hash: String(hash) }));
}
