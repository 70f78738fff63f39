/** Versions of sellers' terms. `definition` is the version in the form of a file of terms, so stored terms are read by the same reader as files. */
import { change, type Db, isoTime, select, type Tx } from '../../../infra/database.js';
import { MagamError } from '../../../kernel/errors.js';
import { type SellerTerms, termsToFile } from '../rules/seller-terms.js';
import { checkTermsFile } from '../rules/terms-file.js';

/** A version of terms as it is stored. */
export interface StoredTerms extends SellerTerms {
  readonly termsId: number;
  /** The revision of the book of terms that brought it. */
  readonly revision: number;
  readonly appliedBy: string;
  /** ISO 8601, UTC. */
  readonly appliedAt: string;
}

interface TermsRow extends Pick<StoredTerms, 'termsId' | 'revision' | 'appliedBy' | 'appliedAt'> {
  readonly definition: string;
}

/** Rows of one INSERT: definitions of about 1 KB stay far below `max_allowed_packet`. */
const INSERT_ROWS_MAX = 500;

/** The revision of the book of terms, locked for a change. First lock of its transaction. */
export async function lockTermsBook(tx: Tx): Promise<number> {
  const sql = 'SELECT revision FROM terms_book WHERE book_id = 1 FOR UPDATE';
  const [row] = await select<{ revision: number }>(tx, sql);
  if (row === undefined)
    throw new MagamError('SCHEMA_OUTDATED', 'The row of terms_book is missing; run magam migrate.');
  return row.revision;
}

async function readRows(db: Db, which: string, params: readonly unknown[]): Promise<StoredTerms[]> {
  const rows = await select<TermsRow>(
    db,
    `SELECT terms_id AS termsId, revision, definition, applied_by AS appliedBy, applied_at AS appliedAt FROM seller_terms ${which}`,
    params,
    { appliedAt: isoTime },
  );
  return rows.map(({ definition, ...row }) => ({ ...readDefinition(row.termsId, definition), ...row }));
}

function readDefinition(termsId: number, definition: string): SellerTerms {
  const read = checkTermsFile({ terms: [parsed(definition)] });
  const [terms] = 'terms' in read ? read.terms : [];
  // The stored policy passed this reader before, so somebody has changed it in the database.
  if (terms === undefined)
    throw new MagamError('TERMS_UNREADABLE', undefined, { termsId, faults: 'faults' in read ? read.faults : [] });
  return terms;
}

function parsed(definition: string): unknown {
  try {
    return JSON.parse(definition);
  } catch {
    return null;
  }
}

/** Every version of one seller, or with null of all sellers, by version. */
export async function readTermsOf(db: Db, seller: string | null): Promise<StoredTerms[]> {
  return readRows(db, 'WHERE seller_id = ? ORDER BY version', [seller ?? '']);
}

/** Every version of these sellers (null: of all sellers). */
export async function readTermsOfEach(db: Db, sellers: readonly (string | null)[]): Promise<StoredTerms[]> {
  return sellers.length === 0 ? [] : readRows(db, 'WHERE seller_id IN (?)', [sellers.map((seller) => seller ?? '')]);
}

/** The next versions by seller and version, after the given one; those of all sellers come first. */
export async function readTermsPage(
  db: Db,
  after: { readonly seller: string | null; readonly version: number } | undefined,
  limit: number,
): Promise<StoredTerms[]> {
  if (after === undefined) return readRows(db, 'ORDER BY seller_id, version LIMIT ?', [limit]);
  const seller = after.seller ?? '';
  return readRows(db, 'WHERE seller_id >= ? AND (seller_id > ? OR version > ?) ORDER BY seller_id, version LIMIT ?', [
    seller,
    seller,
    after.version,
    limit,
  ]);
}

/** Stores new versions under a revision, and moves the book to it; the caller holds its lock. */
export async function insertTerms(
  tx: Tx,
  versions: readonly SellerTerms[],
  revision: number,
  appliedBy: string,
): Promise<void> {
  for (let at = 0; at < versions.length; at += INSERT_ROWS_MAX) {
    const rows = versions.slice(at, at + INSERT_ROWS_MAX);
    await change(
      tx,
      `INSERT INTO seller_terms (revision, seller_id, version, effective_from, effective_to, definition, applied_by, applied_at)
       VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))').join(', ')}`,
      rows.flatMap((terms) => [
        revision,
        terms.seller ?? '',
        terms.version,
        terms.effectiveFrom,
        terms.effectiveTo,
        JSON.stringify(termsToFile(terms)),
        appliedBy.slice(0, 64),
      ]),
    );
  }
  await change(tx, 'UPDATE terms_book SET revision = ? WHERE book_id = 1', [revision]);
}
