/** What the hashes of a page of statements are made of, in two reads for all of them. */
import { type Db, selectArrays } from '../../../infra/database.js';
import type { CanonicalItem, CanonicalSettlement } from '../rules/canonical.js';
import { SETTLEMENT_TEXT } from './settlement-text.js';

export interface HashedContent {
  /** By date and generation. */
  readonly settlements: CanonicalSettlement[];
  readonly items: CanonicalItem[];
}

const SETTLEMENTS = `SELECT c.statement_id, ${SETTLEMENT_TEXT}
  FROM statement_settlement c FORCE INDEX (statement_settlement_statement) STRAIGHT_JOIN settlement s FORCE INDEX (PRIMARY)
    ON s.settled_on = c.settled_on AND s.seller_id = c.seller_id AND s.currency = c.currency AND s.generation = c.generation
  WHERE c.statement_id BETWEEN ? AND ? ORDER BY c.statement_id, c.settled_on, c.generation`;

const ITEMS = `SELECT i.statement_id, t.idempotency_key, i.kind, i.amount_minor
  FROM statement_item i FORCE INDEX (statement_item_statement) STRAIGHT_JOIN ledger_transaction t ON t.transaction_id = i.transaction_id
  WHERE i.statement_id BETWEEN ? AND ?`;

/** The content of each of these statements, by its id. @param statementIds every one that there is from the first to the last, in order */
export async function readHashedContent(db: Db, statementIds: readonly number[]): Promise<Map<number, HashedContent>> {
  const contents = new Map(
    statementIds.map((statementId): [number, HashedContent] => [statementId, { settlements: [], items: [] }]),
  );
  const [first, last] = [statementIds[0], statementIds.at(-1)];
  if (first === undefined || last === undefined) return contents;
  for (const [id, text] of await selectArrays(db, SETTLEMENTS, [first, last]))
    contents.get(Number(id))?.settlements.push({ text: text as string });
  for (const [id, key, kind, amount] of await selectArrays(db, ITEMS, [first, last]))
    contents
      .get(Number(id))
      ?.items.push({ key: key as string, kind: kind as string, amountMinor: BigInt(String(amount)) });
  return contents;
}
