/** The parked entries of a date, as certificates of format 2 vouch for them: every column of the entries, the reasons, and the later settlements. */
import { type Db, selectArrays } from '../../../infra/database.js';
import { RunningSha256 } from '../../../infra/sha256.js';
import { LEGS, type Leg, legName, REFUND, SALE } from '../../feed/rules/leg.js';
import type { HashedRows } from '../rules/certificate.js';
import { entryColumns, joinSaleOfRefund, restOfEntry, tableOf } from './leg-tables.js';

const PAGE_ROWS = 2_000;

/**
 * The SHA-256 over the parked entries of a date as they were when a generation was certified, sales before refunds, in the order of their ids.
 * A line each: leg, entry id, order id, line id, refund id, seller id, currency, quantity, the four amounts, the rest of the entry as a canonical
 * line has it, the generation that parked it, code, details in hexadecimal digits, the generation that settled it; separated by TAB, ended by LF.
 */
export async function hashParked(db: Db, date: string, generation: number): Promise<HashedRows> {
  const hash = new RunningSha256();
  let rows = 0;
  for (const leg of LEGS) {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page = await selectArrays(db, statement(leg), [generation, generation, date, after, generation, PAGE_ROWS]);
      hash.update(Buffer.from(page.map(([, line]) => `${line as string}\n`).join('')));
      rows += page.length;
      after = page.length < PAGE_ROWS ? undefined : (page.at(-1)?.[0] as number);
    }
  }
  return { rows, sha256: hash.digestSoFar() };
}

const ofException = (alias: string): string =>
  `${alias}.settled_on = x.settled_on AND ${alias}.leg = x.leg AND ${alias}.entry_id = x.entry_id`;

function statement(leg: Leg): string {
  const { table, alias, refundId } = tableOf(leg);
  const ids = `'${legName(leg)}', x.entry_id, IFNULL(s.order_id, ''), IFNULL(s.line_id, ''), ${refundId}, IFNULL(s.seller_id, '')`;
  const entry = `${alias}.currency, ${alias}.quantity, ${entryColumns(alias)}, ${restOfEntry(leg)}`;
  const reason = `x.generation, IFNULL(p.code, x.code), HEX(IFNULL(p.details, x.details)), IF(x.settled_generation <= ?, x.settled_generation, '')`;
  return `SELECT x.entry_id, CONCAT_WS('\\t', ${ids}, ${entry}, ${reason})
    FROM settlement_exception x FORCE INDEX (PRIMARY)
    LEFT JOIN ${table} ${alias} ON ${alias}.settled_on = x.settled_on AND ${alias}.entry_id = x.entry_id
    ${leg === SALE ? '' : joinSaleOfRefund('LEFT JOIN')}
    LEFT JOIN settlement_exception_past p ON ${ofException('p')} AND p.until_generation =
      (SELECT MIN(q.until_generation) FROM settlement_exception_past q WHERE ${ofException('q')} AND q.until_generation > ?)
    WHERE x.settled_on = ? AND x.leg = ${leg === SALE ? SALE : REFUND} AND x.entry_id > ? AND x.generation <= ?
    ORDER BY x.settled_on, x.leg, x.entry_id LIMIT ?`;
}
