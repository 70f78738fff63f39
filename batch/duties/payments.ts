/** The duties of payments: what providers have not answered is asked again, money that has to go back goes back. */
import { carryOutCancel } from '../../core/payments/carry-out-cancel.js';
import { inquirePayment, ownSteps } from '../../core/payments/inquire-payment.js';
import { readDuePayments } from '../../core/payments/stores/payment.js';
import { readDueCancels } from '../../core/payments/stores/payment-cancel.js';
import { purgeWebhooks } from '../../core/payments/stores/payment-webhook.js';
import type { Db } from '../../infra/database.js';
import { errorText } from '../../infra/database-errors.js';
import { type BatchBounds, type Failed, oneByOne } from '../../infra/one-by-one.js';
import { type Duty, inBatches } from './duty.js';

const EVERY_MS = 5_000;
/** A provider may be slow: this many are looked up at once, and no batch takes longer than a duty may. */
const AT_ONCE = 10;
const BATCHES = { rowsMax: 50, batchesMax: 100 };
const WEBHOOK_DAYS = 30;
const WEBHOOKS = { rowsMax: 2_000, batchesMax: 100 };

/** Handles everything that is due. Rows that fail are left out of the next batches, and then the duty fails with their error, so that it is seen. */
async function allDue(
  db: Db,
  signal: AbortSignal,
  what: string,
  read: (db: Db, bounds: BatchBounds) => Promise<number[]>,
  work: (id: number) => Promise<unknown>,
): Promise<number> {
  const failed: Failed[] = [];
  const rows = await inBatches(signal, BATCHES, async (rowsMax) => {
    const due = await read(db, { rowsMax, except: failed.map(({ id }) => id) });
    const ids = due.values(); // shared: each takes the next one
    const callers = Array.from({ length: AT_ONCE }, () =>
      oneByOne(ids, async (id) => {
        if (!signal.aborted) await work(id);
        return true;
      }),
    );
    for (const done of await Promise.all(callers)) failed.push(...done.failed);
    return due.length;
  });
  const [first] = failed;
  if (first === undefined) return rows;
  throw new Error(`${failed.length} could not be handled, ${what} ${first.id} among them: ${errorText(first.error)}`);
}

export const paymentDuties: readonly Duty[] = [
  {
    name: 'look-up-payments',
    everyMs: EVERY_MS,
    run: (context) => {
      const { db, signal } = context;
      const steps = ownSteps(db);
      return allDue(db, signal, 'payment', readDuePayments, (paymentId) =>
        inquirePayment(context, steps, { paymentId }),
      );
    },
  },
  {
    name: 'give-money-back',
    everyMs: EVERY_MS,
    run: (context) => {
      const { db, signal } = context;
      return allDue(db, signal, 'cancellation', readDueCancels, (cancelId) =>
        carryOutCancel(db, context, { cancelId }),
      );
    },
  },
  {
    name: 'purge-webhooks',
    everyMs: 10 * 60_000,
    run: ({ db, signal }) => inBatches(signal, WEBHOOKS, (rowsMax) => purgeWebhooks(db, WEBHOOK_DAYS, rowsMax)),
  },
];
