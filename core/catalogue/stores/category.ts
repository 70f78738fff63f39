/** The category tree. */

import { change, type Db, insertReturningId, orRefusal, select, type Tx } from '../../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';
import type { CategoryNode } from '../rules/category-tree.js';

export interface CategoryRecord extends CategoryNode {
  readonly name: string;
  readonly version: number;
}

/** A root is a child of 0 in the table, because NULL would let two roots have one name. */
const SELECT_CATEGORY =
  'SELECT category_id AS categoryId, NULLIF(parent_id, 0) AS parentId, level, name, version FROM category';

/** The whole tree, parents before their children, siblings by name. It is tens or hundreds of rows. */
export async function readCategories(db: Db): Promise<CategoryRecord[]> {
  // All rows are wanted, so they are read by the key whose order is needed: siblings by name.
  const sql = `${SELECT_CATEGORY} FORCE INDEX (category_name) ORDER BY parent_id, name`;
  const records = await select<CategoryRecord>(db, sql);
  const below = (parentId: number | null): CategoryRecord[] =>
    records.filter((record) => record.parentId === parentId).flatMap((record) => [record, ...below(record.categoryId)]);
  return below(null);
}

/** One category, locked for a change. */
export async function lockCategory(tx: Tx, categoryId: number): Promise<CategoryRecord | undefined> {
  return (await select<CategoryRecord>(tx, `${SELECT_CATEGORY} WHERE category_id = ? FOR UPDATE`, [categoryId]))[0];
}

/** One category. */
export async function readCategory(db: Db, categoryId: number): Promise<CategoryRecord | undefined> {
  return (await select<CategoryRecord>(db, `${SELECT_CATEGORY} WHERE category_id = ?`, [categoryId]))[0];
}

export interface CategoryPlace {
  /** The category and those above it, the root first. */
  readonly path: readonly number[];
  readonly isLeaf: boolean;
}

/** The place of a category in the tree; undefined when there is no such category. */
export async function readCategoryPlace(db: Db, categoryId: number): Promise<CategoryPlace | undefined> {
  const [row] = await select<{ middle: number | null; root: number | null; child: number | null }>(
    db,
    `SELECT p.category_id AS middle, r.category_id AS root,
       (SELECT k.category_id FROM category k WHERE k.parent_id = c.category_id LIMIT 1) AS child
     FROM category c LEFT JOIN category p ON p.category_id = c.parent_id LEFT JOIN category r ON r.category_id = p.parent_id
     WHERE c.category_id = ?`,
    [categoryId],
  );
  if (row === undefined) return undefined;
  return { path: [row.root, row.middle, categoryId].filter((id) => id !== null), isLeaf: row.child === null };
}

/** The same; its row stays shared until the transaction ends, so that nobody makes a category below it while a product is put into it. */
export async function shareCategory(tx: Tx, categoryId: number): Promise<CategoryPlace | undefined> {
  await select(tx, 'SELECT category_id FROM category WHERE category_id = ? LOCK IN SHARE MODE', [categoryId]);
  return readCategoryPlace(tx, categoryId);
}

/** Stores a category. @returns its id, or CATEGORY_EXISTS */
export async function insertCategory(
  tx: Tx,
  { parentId, level, name }: { readonly parentId: number | null; readonly level: number; readonly name: string },
): Promise<number | Refusal> {
  const inserted = insertReturningId(
    tx,
    'INSERT INTO category (parent_id, level, name, version, created_at) VALUES (?, ?, ?, 1, UTC_TIMESTAMP(3))',
    [parentId ?? 0, level, name],
  );
  return orRefusal(inserted, refuse('CATEGORY_EXISTS', { name }));
}

/** Gives a locked category another name. @returns CATEGORY_EXISTS when the name is taken */
export async function renameCategory(tx: Tx, categoryId: number, name: string): Promise<Refusal | undefined> {
  const renamed = change(tx, 'UPDATE category SET name = ?, version = version + 1 WHERE category_id = ?', [
    name,
    categoryId,
  ]);
  const outcome = await orRefusal(renamed, refuse('CATEGORY_EXISTS', { name }));
  return isRefusal(outcome) ? outcome : undefined;
}
