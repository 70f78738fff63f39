/**
 * Sends the due events to one endpoint: first those to be sent again, then those after its position, one after the other, so that the receiver gets them in
 * order. A process that dies after it has sent an event and before it has recorded that causes a second delivery, which the receiver recognises by the event's
 * id.
 */
import type { Config } from '../../infra/config.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { errorText } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import { hostOf } from '../../infra/outbound/public-address.js';
import { type FeedEvent, readBounds, readEvent, readEvents } from '../event-feed/stores/feed-event.js';
import { recordEvents } from '../outbox/record-events.js';
import { pauseAfter } from './rules/endpoint.js';
import { openSecret } from './secrets.js';
import { type Sent, sendWebhook } from './send-webhook.js';
import {
  type Claim,
  disableIfFailing,
  endReplay,
  insertAttempt,
  noteDelivered,
  noteFailed,
  passThrough,
  readTarget,
  releaseEndpoint,
  type Target,
} from './stores/webhook-delivery.js';

export interface WebhookContext {
  readonly db: Db;
  readonly config: Pick<Config, 'encryptionKeys' | 'integrations'>;
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => void;
  /** Aborted: end after the event in hand. */
  readonly signal: AbortSignal;
}

/** Events of one turn; then it is the turn of other endpoints. */
const TURN_EVENTS = 100;
/** A turn ends after the event with which it has lasted this long (ms), so that slow receivers do not hold up the others. */
const TURN_MS = 15_000;

/** Serves an endpoint that the caller has claimed, and releases it. */
export async function serveEndpoint(context: WebhookContext, claim: Claim, turnMs = TURN_MS): Promise<void> {
  const endsAt = performance.now() + turnMs;
  try {
    for (let events = 0; events < TURN_EVENTS && !context.signal.aborted; events += 1)
      if (!(await serveNext(context, claim)) || performance.now() >= endsAt) return;
  } finally {
    await releaseEndpoint(context.db, claim).catch(() => undefined); // the lease runs out
  }
}

/** False: there is nothing more to be sent now. */
async function serveNext(context: WebhookContext, claim: Claim): Promise<boolean> {
  const { db } = context;
  const target = await readTarget(db, claim);
  if (target === undefined) return false;
  if (target.replay !== null) return serveReplay(context, claim, target, target.replay);
  if (!target.due) return false;
  const { sellerId, types, deliveredThrough: from } = target;
  const { last } = await readBounds(db);
  const [event] = await readEvents(db, { sellerId, types }, from, 1);
  if (event === undefined) {
    await passThrough(db, claim, from, last);
    return false;
  }
  const sent = await send(context, target, event);
  await faultPoint('webhook.sent');
  return inTransaction(db, async (tx) => {
    const attempt = { endpointId: claim.endpointId, eventId: event.id, type: event.type, replayed: false, ...sent };
    if (sent.delivered) {
      if (!(await noteDelivered(tx, claim, from, event.id))) return false;
      await insertAttempt(tx, attempt);
      return true;
    }
    if (!(await noteFailed(tx, claim, pauseAfter(target.attempts + 1)))) return false;
    await insertAttempt(tx, attempt);
    if (await disableIfFailing(tx, claim.endpointId, context.config.integrations.webhookDays)) {
      const payload = { endpointId: claim.endpointId, sellerId, host: hostOf(target.url), error: sent.error ?? '' };
      await recordEvents(tx, [{ type: 'webhook.disabled', payload, requestId: '' }]);
    }
    return false;
  });
}

/** Sends an event once more. The list of attempts shows the result to the user who asked for it. */
async function serveReplay(context: WebhookContext, claim: Claim, target: Target, position: number): Promise<boolean> {
  const { db } = context;
  const { endpointId, sellerId } = target;
  const event = await readEvent(db, { sellerId, types: [] }, position); // deleted since: there is nothing to send
  const sent = event && (await send(context, target, event));
  return inTransaction(db, async (tx) => {
    if (!(await endReplay(tx, claim, position))) return false;
    if (event !== undefined && sent !== undefined)
      await insertAttempt(tx, { endpointId, eventId: position, type: event.type, replayed: true, ...sent });
    return true;
  });
}

async function send({ config, log }: WebhookContext, target: Target, event: FeedEvent): Promise<Sent> {
  const { endpointId, url } = target;
  const about = { endpointId, eventId: event.id, type: event.type };
  let secrets: string[];
  try {
    secrets = target.secrets.map((sealed) => openSecret(config.encryptionKeys, endpointId, sealed));
  } catch (error) {
    log('error', { ...about, error: errorText(error) }, 'the secret of a webhook endpoint cannot be read');
    return { delivered: false, status: null, error: 'the secret of the endpoint cannot be read', durationMs: 0 };
  }
  const sent = await sendWebhook(event, { url, secrets, privateAllowed: config.integrations.webhookPrivate });
  const { delivered, status, error, durationMs } = sent;
  if (delivered) log('info', { ...about, status, ms: Math.round(durationMs) }, 'webhook delivered');
  else log('warn', { ...about, status, error, ms: Math.round(durationMs) }, 'a webhook failed and is tried again');
  return sent;
}
