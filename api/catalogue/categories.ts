/** The category tree: everybody reads it, staff make and rename. */
import { z } from 'zod';
import { levelBelow } from '../../core/catalogue/rules/category-tree.js';
import {
  type CategoryRecord,
  insertCategory,
  lockCategory,
  readCategories,
  readCategory,
  renameCategory,
} from '../../core/catalogue/stores/category.js';
import { hasProducts } from '../../core/catalogue/stores/product.js';
import type { Db, Tx } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { id } from '../edge/fields.js';
import { created, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { type CatalogueCache, cachedReply } from './catalogue-cache.js';
import { auditStaff, decided } from './changes.js';
import { category, categoryName, categoryParams } from './schemas.js';

const missing = (categoryId: number): MagamError => new MagamError('CATEGORY_NOT_FOUND', undefined, { categoryId });

export const listCategories = (db: Db, cache: CatalogueCache): Route =>
  route({
    method: 'get',
    path: '/v1/categories',
    tag: 'Catalogue',
    summary: 'Show the category tree',
    description: 'All of it: each category after its parent, siblings by name.',
    permission: 'catalogue.read',
    answer: { status: 200, description: 'The tree.', schema: z.object({ items: z.array(category) }) },
    handle: async ({ request }) => {
      const cached = await cache.categories(async () => ({
        text: JSON.stringify({ items: await readCategories(db) }),
      }));
      if (cached === undefined) throw new Error('the tree is always there');
      return cachedReply(cached, request);
    },
  });

export const showCategory = (db: Db): Route =>
  route({
    method: 'get',
    path: '/v1/categories/{categoryId}',
    tag: 'Catalogue',
    summary: 'Show a category',
    permission: 'catalogue.read',
    params: categoryParams,
    answer: { status: 200, description: 'The category.', schema: category },
    refusals: ['CATEGORY_NOT_FOUND'],
    handle: async ({ params: { categoryId } }) => {
      const found = await readCategory(db, categoryId);
      if (found === undefined) throw missing(categoryId);
      return ok(found, found.version);
    },
  });

export const createCategory = (cache: CatalogueCache): Route =>
  route({
    method: 'post',
    path: '/v1/categories',
    tag: 'Catalogue',
    summary: 'Make a category',
    description: 'At most three levels; not below a category that holds products.',
    permission: 'category.edit',
    body: z
      .strictObject({
        parentId: id.nullable().default(null).meta({ description: 'Null: a root.' }),
        name: categoryName,
      })
      .meta({ id: 'NewCategory' }),
    answer: { status: 201, description: 'The category.', schema: category },
    refusals: ['CATEGORY_EXISTS', 'CATEGORY_HAS_PRODUCTS', 'CATEGORY_NOT_FOUND', 'CATEGORY_TOO_DEEP'],
    idempotent: true,
    handle: async (call) => {
      const { parentId, name } = call.body;
      const change = call.transact(async (tx) => {
        const level = decided(levelBelow(parentId === null ? null : await lockParent(tx, parentId)));
        const categoryId = await insertCategory(tx, { parentId, level, name });
        const after = { categoryId, parentId, level, name, version: 1 };
        await auditStaff(tx, call, {
          action: 'category.create',
          subjectType: 'category',
          subjectId: categoryId,
          before: null,
          after,
        });
        return created(`/v1/categories/${categoryId}`, after, after.version);
      });
      return change.finally(() => cache.treeChanged()); // also when nobody knows what became of the commit
    },
  });

/** Locks the parent first: a product that is being put into it holds its row shared until it is in. */
async function lockParent(tx: Tx, parentId: number): Promise<CategoryRecord & { readonly hasProducts: boolean }> {
  const parent = await lockCategory(tx, parentId);
  if (parent === undefined) throw missing(parentId);
  return { ...parent, hasProducts: await hasProducts(tx, parentId) };
}

export const editCategory = (cache: CatalogueCache): Route =>
  route({
    method: 'patch',
    path: '/v1/categories/{categoryId}',
    tag: 'Catalogue',
    summary: 'Rename a category',
    description: 'A category never moves to another parent.',
    permission: 'category.edit',
    params: categoryParams,
    body: z.strictObject({ name: categoryName }).meta({ id: 'CategoryEdit' }),
    answer: { status: 200, description: 'The category.', schema: category },
    refusals: ['CATEGORY_EXISTS', 'CATEGORY_NOT_FOUND'],
    versioned: true,
    handle: async (call) => {
      const { categoryId } = call.params;
      const change = call.transact(async (tx) => {
        const before = await lockCategory(tx, categoryId);
        if (before === undefined) throw missing(categoryId);
        call.requireVersion(before.version);
        await renameCategory(tx, categoryId, call.body.name);
        const after = { ...before, name: call.body.name, version: before.version + 1 };
        await auditStaff(tx, call, {
          action: 'category.edit',
          subjectType: 'category',
          subjectId: categoryId,
          before,
          after,
        });
        return ok(after, after.version);
      });
      return change.finally(() => cache.treeChanged()); // also when nobody knows what became of the commit
    },
  });
