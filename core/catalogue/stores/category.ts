/** The category tree. */

import { change, type Db, insertReturningId, isDuplicateKey, select, type Tx } from '../../../infra/database.js';
import { MagamError } from '../../../kernel/errors.js';
import type { CategoryNode } from '../rules/category-tree.js';

export interface CategoryRecord extends CategoryNode {
  readonly name: string;
  readonly version: number;
}

interface CategoryRow {
  readonly category_id: number;
  readonly parent_id: number;
  readonly level: number;
  readonly name: string;
  readonly version: number;
}

const toRecord = (row: CategoryRow): CategoryRecord => ({
  categoryId: row.category_id,
  parentId: row.parent_id === 0 ? null : row.parent_id,
  level: row.level,
  name: row.name,
  version: row.version,
});

const COLUMNS = 'category_id, parent_id, level, name, version';

/** The whole tree, parents before their children, siblings by name. It is tens or hundreds of rows. */
export async function readCategories(db: Db): Promise<CategoryRecord[]> {
  // All rows are wanted, so they are read by the key whose order serves: siblings by name.
  const rows = await select<CategoryRow>(
    db,
    `SELECT ${COLUMNS} FROM category FORCE INDEX (category_name) ORDER BY parent_id, name`,
  );
  const records = rows.map(toRecord);
  const below = (parentId: number | null): CategoryRecord[] =>
    records.filter((record) => record.parentId === parentId).flatMap((record) => [record, ...below(record.categoryId)]);
  return below(null);
}

/** One category, locked for a change. */
export async function lockCategory(tx: Tx, categoryId: number): Promise<CategoryRecord | undefined> {
  const [row] = await select<CategoryRow>(tx, `SELECT ${COLUMNS} FROM category WHERE category_id = ? FOR UPDATE`, [
    categoryId,
  ]);
  return row === undefined ? undefined : toRecord(row);
}

/** One category. */
export async function readCategory(db: Db, categoryId: number): Promise<CategoryRecord | undefined> {
  const [row] = await select<CategoryRow>(db, `SELECT ${COLUMNS} FROM category WHERE category_id = ?`, [categoryId]);
  return row === undefined ? undefined : toRecord(row);
}

export interface CategoryPlace {
  /** The category and those above it, the root first. */
  readonly path: readonly number[];
  readonly isLeaf: boolean;
}

/** Where a category stands; undefined when there is none. */
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

/** The same; its row stays shared until the transaction ends, so that nobody makes one below it while a product is put into it. */
export async function shareCategory(tx: Tx, categoryId: number): Promise<CategoryPlace | undefined> {
  await select(tx, 'SELECT category_id FROM category WHERE category_id = ? LOCK IN SHARE MODE', [categoryId]);
  return readCategoryPlace(tx, categoryId);
}

/** Stores a category. Throws CATEGORY_EXISTS. */
export async function insertCategory(
  tx: Tx,
  category: { readonly parentId: number | null; readonly level: number; readonly name: string },
): Promise<number> {
  try {
    return await insertReturningId(
      tx,
      'INSERT INTO category (parent_id, level, name, version, created_at) VALUES (?, ?, ?, 1, UTC_TIMESTAMP(3))',
      [category.parentId ?? 0, category.level, category.name],
    );
  } catch (error) {
    throw isDuplicateKey(error) ? new MagamError('CATEGORY_EXISTS', undefined, { name: category.name }) : error;
  }
}

/** Gives a locked category another name. Throws CATEGORY_EXISTS. */
export async function renameCategory(tx: Tx, categoryId: number, name: string): Promise<void> {
  try {
    await change(tx, 'UPDATE category SET name = ?, version = version + 1 WHERE category_id = ?', [name, categoryId]);
  } catch (error) {
    throw isDuplicateKey(error) ? new MagamError('CATEGORY_EXISTS', undefined, { name }) : error;
  }
}
