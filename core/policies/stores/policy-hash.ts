/** The hash of the policies, for which certificates vouch. */
import { type Db, select, selectArrays } from '../../../infra/database.js';
import { RunningSha256 } from '../../../infra/sha256.js';

const PAGE_ROWS = 1_000;

/** The revision of the policy book, read without waiting for a lock. */
export async function readKnownRevision(db: Db): Promise<number> {
  const [row] = await select<{ revision: number }>(db, 'SELECT revision FROM policy_book WHERE book_id = 1');
  return row?.revision ?? 0;
}

/**
 * The SHA-256 over every policy that is stored up to a revision, in the order of their ids. A line each: id, revision, code, version, currency, first
 * and last day, definition, and of the end that a later version recorded up to that revision: its revision, its day, the id of that version;
 * separated by TAB, ended by LF, UTF-8.
 */
export async function hashPolicies(db: Db, revision: number): Promise<{ rows: number; sha256: string }> {
  const hash = new RunningSha256();
  let rows = 0;
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = await selectArrays(
      db,
      `SELECT p.policy_id, CONCAT_WS('\\t', p.policy_id, p.revision, p.code, p.version, p.currency, p.effective_from, IFNULL(p.effective_to, ''),
         p.definition, IFNULL(e.revision, ''), IFNULL(e.ends_on, ''), IFNULL(e.ended_by, ''))
       FROM fee_policy p LEFT JOIN fee_policy_end e ON e.policy_id = p.policy_id AND e.revision <= ?
       WHERE p.revision <= ? AND p.policy_id > ? ORDER BY p.policy_id LIMIT ?`,
      [revision, revision, after, PAGE_ROWS],
    );
    hash.update(Buffer.from(page.map(([, line]) => `${line as string}\n`).join('')));
    rows += page.length;
    after = page.length < PAGE_ROWS ? undefined : (page.at(-1)?.[0] as number);
  }
  return { rows, sha256: hash.digestSoFar() };
}
