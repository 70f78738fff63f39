/** The duties of the shop: changes that time alone causes. */
import { confirmDelivered } from '../../core/orders/confirm-order.js';
import { expireCheckouts } from '../../core/orders/expire-checkouts.js';
import { reclaimExpired } from '../../core/stock/reclaim.js';
import { errorText } from '../../infra/database-errors.js';
import type { BatchBounds, Failed } from '../../infra/one-by-one.js';
import { type Duty, inBatches } from './duty.js';

/** Rows that are handled at a time, each in a short transaction. */
const BATCHES = { rowsMax: 100, batchesMax: 100 };

/**
 * Handles batch after batch. Rows that fail are left out of the next batches; when all others are done the duty fails with their error, so that it is seen
 * and tried again.
 */
async function allOfAge(
  signal: AbortSignal,
  what: string,
  batch: (bounds: BatchBounds) => Promise<{ readonly found: number; readonly failed: readonly Failed[] }>,
): Promise<number> {
  const failed: Failed[] = [];
  const rows = await inBatches(signal, BATCHES, async (rowsMax) => {
    const done = await batch({ rowsMax, except: failed.map(({ id }) => id) });
    failed.push(...done.failed);
    return done.found;
  });
  const [first] = failed;
  if (first === undefined) return rows;
  throw new Error(`${failed.length} could not be handled, ${what} ${first.id} among them: ${errorText(first.error)}`);
}

export const orderDuties: readonly Duty[] = [
  {
    name: 'expire-checkouts',
    everyMs: 10_000,
    run: ({ db, catalogue: cache, signal }) =>
      allOfAge(signal, 'checkout', (bounds) => expireCheckouts(db, { ...bounds, cache })),
  },
  {
    name: 'reclaim-stock',
    everyMs: 60_000,
    run: ({ db, catalogue: cache, signal }) =>
      allOfAge(signal, 'unit', (bounds) => reclaimExpired(db, { ...bounds, cache })),
  },
  {
    name: 'confirm-orders',
    everyMs: 60_000,
    run: ({ db, config, signal }) => allOfAge(signal, 'order', (bounds) => confirmDelivered(db, config, bounds)),
  },
];
