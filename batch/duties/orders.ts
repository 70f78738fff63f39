/** The duties of the shop: what ends or begins by itself when its time has come. */
import { confirmDelivered } from '../../core/orders/confirm-order.js';
import { expireCheckouts } from '../../core/orders/expire-checkouts.js';
import { reclaimExpired } from '../../core/stock/reclaim.js';
import { type Duty, inBatches } from './duty.js';

/** Rows that are dealt with at a time, each in a short transaction. */
const BATCHES = { rowsMax: 100, batchesMax: 100 };

export const orderDuties: readonly Duty[] = [
  {
    name: 'expire-checkouts',
    everyMs: 10_000,
    run: ({ db, catalogue: cache, signal }) =>
      inBatches(signal, BATCHES, async (rowsMax) => (await expireCheckouts(db, { rowsMax, cache })).found),
  },
  {
    name: 'reclaim-stock',
    everyMs: 60_000,
    run: ({ db, catalogue: cache, signal }) =>
      inBatches(signal, BATCHES, async (rowsMax) => (await reclaimExpired(db, { rowsMax, cache })).reservations),
  },
  {
    name: 'confirm-orders',
    everyMs: 60_000,
    run: ({ db, config, signal }) =>
      inBatches(signal, BATCHES, async (rowsMax) => (await confirmDelivered(db, config, { rowsMax })).found),
  },
];
