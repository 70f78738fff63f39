/** Received webhooks, so that each is handled once. */
import { change, type Db, type Tx } from '../../../infra/database.js';
import { isDuplicateKey } from '../../../infra/database-errors.js';

export interface NewWebhook {
  readonly provider: string;
  /** SHA-256 of the provider's id of the event, which may be of any length. */
  readonly eventKey: string;
  readonly type: string;
  readonly paymentId: number;
}

/** Stores a webhook. @returns false when it was received before */
export async function insertWebhook(tx: Tx, { provider, eventKey, type, paymentId }: NewWebhook): Promise<boolean> {
  try {
    await change(
      tx,
      `INSERT INTO payment_webhook (provider, event_key, type, payment_id, received_at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))`,
      [provider, eventKey, [...type].slice(0, 64).join(''), paymentId],
    );
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/** Deletes some of the webhooks that are older than this many days. @returns how many */
export const purgeWebhooks = (db: Db, days: number, rowsMax: number): Promise<number> =>
  change(
    db,
    'DELETE FROM payment_webhook WHERE received_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY ORDER BY received_at LIMIT ?',
    [days, rowsMax],
  );
