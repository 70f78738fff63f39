/** Which sales a fee policy covers: told to an import, so that its summary counts those that would be parked. */
import type { Db } from '../../infra/database.js';
import type { SaleEntry } from '../feed/rules/entry.js';
import { PolicyBook } from '../policies/rules/policy-book.js';
import { readPolicies } from '../policies/stores/fee-policy.js';

/** Whether a sale is covered by the policies as they stand now. */
export async function readCoverage(db: Db): Promise<(sale: SaleEntry) => boolean> {
  const book = new PolicyBook(await readPolicies(db));
  return ({ sellerId, category, productId, currency, orderedOn }) =>
    book.find(sellerId, category, productId, currency, orderedOn) !== undefined;
}
