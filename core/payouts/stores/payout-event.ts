/** The history of payouts: rows are added and never changed. */
import { change, type Db, databaseMoment, fromJson, isoTime, select, type Tx } from '../../../infra/database.js';
import type { PayoutStatus } from '../rules/transitions.js';

export interface NewPayoutEvent {
  readonly payoutId: number;
  readonly actor: string;
  readonly action: string;
  /** Null: it was made. */
  readonly from: PayoutStatus | null;
  readonly to: PayoutStatus;
  readonly attempt: number;
  readonly reason: string;
  readonly detail: object | null;
}

export interface PayoutEvent extends NewPayoutEvent {
  /** ISO 8601, UTC. */
  readonly happenedAt: string;
}

/** Adds entries to the history, in one statement. @param happenedAt as the database writes it; absent: now */
export async function recordPayoutEvents(
  tx: Tx,
  events: readonly NewPayoutEvent[],
  happenedAt?: string,
): Promise<void> {
  if (events.length === 0) return;
  const moment = happenedAt ?? (await databaseMoment(tx));
  await change(
    tx,
    'INSERT INTO payout_event (payout_id, happened_at, actor, action, from_status, to_status, attempt, reason, detail) VALUES ?',
    [
      events.map(({ payoutId, actor, action, from, to, attempt, reason, detail }) => [
        ...[payoutId, moment, actor, action, from, to, attempt, reason],
        detail === null ? null : JSON.stringify(detail),
      ]),
    ],
  );
}

/** The history of a payout, the oldest first. */
export const readPayoutEvents = (db: Db, payoutId: number): Promise<PayoutEvent[]> =>
  select<PayoutEvent>(
    db,
    `SELECT payout_id AS payoutId, happened_at AS happenedAt, actor, action, from_status AS 'from', to_status AS 'to', attempt, reason, detail
     FROM payout_event WHERE payout_id = ? ORDER BY event_id`,
    [payoutId],
    { happenedAt: isoTime, detail: fromJson },
  );

/** Whether the current attempt of a payout was taken for lost and found again. */
export const wasFound = async (
  db: Db,
  { payoutId, attempt }: { readonly payoutId: number; readonly attempt: number },
): Promise<boolean> =>
  (
    await select(db, `SELECT 1 FROM payout_event WHERE payout_id = ? AND attempt = ? AND action = 'find' LIMIT 1`, [
      payoutId,
      attempt,
    ])
  ).length > 0;
