/** Applies terms of sellers: all of them, or none with an error that names every reason. */
import type { Db, Tx } from '../../infra/database.js';
import { type ErrorCode, MagamError } from '../../kernel/errors.js';
import type { JsonFault } from '../../kernel/json-faults.js';
import type { SellerTerms } from './rules/seller-terms.js';
import { checkNewTerms, type TermsFault } from './rules/terms-book.js';
import type { FaultyTermsFile } from './rules/terms-file.js';
import { insertTerms, lockTermsBook, readTermsOfEach } from './stores/seller-terms.js';

interface TermsKey {
  /** Null: the terms of all sellers. */
  readonly seller: string | null;
  readonly version: number;
}

export interface AppliedTerms {
  /** The revision of the book of terms; unchanged when nothing is new. */
  readonly revision: number;
  readonly applied: TermsKey[];
  /** Already stored with the same content. */
  readonly unchanged: TermsKey[];
}

/**
 * Stores the versions that are new, under one new revision of the book of terms; applying the same again changes nothing. Throws TERMS_IMMUTABLE,
 * TERMS_OUT_OF_ORDER or, when both kinds occur, TERMS_FILE_INVALID; `details.faults` names all of them by `path`, `code` and `message`.
 */
export async function applyTerms(tx: Tx, file: readonly SellerTerms[], appliedBy: string): Promise<AppliedTerms> {
  // The lock makes a second file wait.
  const before = await lockTermsBook(tx);
  const changes = checkNewTerms(await readTermsOfEach(tx, sellersOf(file)), file);
  if (Array.isArray(changes)) throw refusalOf(changes);
  const revision = changes.insert.length === 0 ? before : before + 1;
  if (revision > before) await insertTerms(tx, changes.insert, revision, appliedBy);
  const keyOf = ({ seller, version }: SellerTerms): TermsKey => ({ seller, version });
  return { revision, applied: changes.insert.map(keyOf), unchanged: changes.unchanged.map(keyOf) };
}

/** The conflicts of the valid terms in a file with faults with the stored terms. Changes nothing. */
export async function findTermsFaults(db: Db, sound: FaultyTermsFile['sound']): Promise<JsonFault[]> {
  const file = sound.map(({ terms }) => terms);
  const changes = checkNewTerms(await readTermsOfEach(db, sellersOf(file)), file);
  if (!Array.isArray(changes)) return [];
  return named(changes.map((fault) => ({ ...fault, index: sound[fault.index]?.index ?? fault.index })));
}

const sellersOf = (file: readonly SellerTerms[]): (string | null)[] => [...new Set(file.map(({ seller }) => seller))];

function refusalOf(faults: readonly TermsFault[]): MagamError {
  const codes = new Set<ErrorCode>(faults.map(({ code }) => code));
  const [first] = codes;
  const code = codes.size === 1 && first !== undefined ? first : 'TERMS_FILE_INVALID';
  return new MagamError(code, undefined, { faults: named(faults) });
}

const named = (faults: readonly TermsFault[]): JsonFault[] =>
  faults.map(({ index, code, message }) => ({ path: `terms[${index}]`, code, message }));
