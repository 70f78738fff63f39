/** The category tree: everybody may read it, and staff make and rename categories. */
import * as z from 'zod';
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
import type { Tx } from '../../infra/database.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { id } from '../edge/fields.js';
import { created, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { cachedReply } from './cached-reply.js';
import { categoryName, categoryParams, categorySchema } from './product-fields.js';

export const listCategories = ({ db, cache }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/categories',
    operationId: 'listCategories',
    tag: 'Catalogue',
    summary: 'Show the category tree',
    description: 'All of it: each category after its parent, siblings by name.',
    permission: 'catalogue.read',
    answer: { status: 200, description: 'The tree.', schema: z.object({ items: z.array(categorySchema) }) },
    handle: async ({ request }) => {
      const cached = await cache.categories(async () => ({
        text: JSON.stringify({ items: await readCategories(db) }),
      }));
      if (cached === undefined) throw new Error('there is always a tree');
      return cachedReply(cached, request);
    },
  });

export const showCategory = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/categories/{categoryId}',
    operationId: 'readCategory',
    tag: 'Catalogue',
    summary: 'Show a category',
    permission: 'catalogue.read',
    params: categoryParams,
    answer: { status: 200, description: 'The category.', schema: categorySchema },
    refusals: ['CATEGORY_NOT_FOUND'],
    handle: async ({ params: { categoryId } }) => {
      const read = found(await readCategory(db, categoryId), 'CATEGORY_NOT_FOUND', { categoryId });
      return ok(read, read.version);
    },
  });

export const createCategory = ({ cache }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/categories',
    operationId: 'createCategory',
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
    example: { parentId: null, name: '수입 문구' },
    answer: { status: 201, etag: true, description: 'The category.', schema: categorySchema },
    refusals: ['CATEGORY_EXISTS', 'CATEGORY_HAS_PRODUCTS', 'CATEGORY_NOT_FOUND', 'CATEGORY_TOO_DEEP'],
    idempotent: true,
    handle: (call) => {
      const { parentId, name } = call.body;
      return call.transact(async (tx) => {
        const level = decided(levelBelow(parentId === null ? null : await lockParent(tx, parentId)));
        const categoryId = decided(await insertCategory(tx, { parentId, level, name }));
        const after = { categoryId, parentId, level, name, version: 1 };
        await call.audit(tx, 'category.create', ['category', categoryId], { before: null, after });
        call.afterCommit(() => cache.treeChanged());
        return created(`/v1/categories/${categoryId}`, after, after.version);
      });
    },
  });

/** Locks the parent first: a product that is being put into it holds a shared lock on its row until the commit. */
async function lockParent(tx: Tx, parentId: number): Promise<CategoryRecord & { readonly hasProducts: boolean }> {
  const parent = found(await lockCategory(tx, parentId), 'CATEGORY_NOT_FOUND', { categoryId: parentId });
  return { ...parent, hasProducts: await hasProducts(tx, parentId) };
}

export const editCategory = ({ cache }: ApiContext): Route =>
  route({
    method: 'patch',
    path: '/v1/categories/{categoryId}',
    operationId: 'updateCategory',
    tag: 'Catalogue',
    summary: 'Rename a category',
    description: 'A category never moves to another parent.',
    permission: 'category.edit',
    params: categoryParams,
    body: z.strictObject({ name: categoryName }).meta({ id: 'CategoryEdit' }),
    example: { name: '패션 잡화' },
    answer: { status: 200, etag: true, description: 'The category.', schema: categorySchema },
    refusals: ['CATEGORY_EXISTS', 'CATEGORY_NOT_FOUND'],
    versioned: true,
    handle: (call) => {
      const { categoryId } = call.params;
      return call.transact(async (tx) => {
        const before = found(await lockCategory(tx, categoryId), 'CATEGORY_NOT_FOUND', { categoryId });
        call.requireVersion(before.version);
        decided(await renameCategory(tx, categoryId, call.body.name));
        const after = { ...before, name: call.body.name, version: before.version + 1 };
        await call.audit(tx, 'category.edit', ['category', categoryId], { before, after });
        call.afterCommit(() => cache.treeChanged());
        return ok(after, after.version);
      });
    },
  });
