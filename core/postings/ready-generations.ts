/** Completes generations that were posted by an older version with the data that statements need. */
import { type Db, forWholeDates, inTransaction, type Tx } from '../../infra/database.js';
import type { Generation } from './stores/settlement-posting.js';
import { insertRefundSums, markReady, openPayableAccounts, readUnready } from './stores/settlement-refund.js';

/** Adds up the refunds of a generation, and opens the accounts that its sellers lack. */
export async function readyGeneration(tx: Tx, one: Generation): Promise<void> {
  await insertRefundSums(tx, one);
  await openPayableAccounts(tx, one);
}

/** Does so for every posted generation up to a date that lacks it, each in a transaction of its own. */
export async function readyGenerations(db: Db, through: string): Promise<void> {
  for (const one of await readUnready(db, through))
    await inTransaction(db, async (tx) => {
      if (await markReady(tx, one)) await readyGeneration(forWholeDates(tx), one);
    });
}
