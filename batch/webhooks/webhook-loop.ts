/**
 * The runner's loop of webhooks: gives events their positions, and sends them to the endpoints. An endpoint is served by one runner at a time, under a lease; a few
 * endpoints are served at once, so a slow one does not hold up the others.
 */
import { randomUUID } from 'node:crypto';
import { numberEvents } from '../../core/event-feed/number-events.js';
import { readBounds } from '../../core/event-feed/stores/feed-event.js';
import { serveEndpoint, type WebhookContext } from '../../core/webhooks/serve-endpoint.js';
import { claimEndpoint, dueEndpoints } from '../../core/webhooks/stores/webhook-delivery.js';

export interface WebhookLoopContext extends WebhookContext {
  /** Resolves at the next knock or after `ms`. */
  readonly idle: (ms: number) => Promise<void>;
}

const POLL_MS = 1_000;
const OUTAGE_PAUSE_MS = 3_000;
/** Endpoints that a runner serves at a time. */
const AT_ONCE = 8;

/** Works until the signal, and then ends the work in hand. It waits for a database that is away. */
export async function runWebhooks(context: WebhookLoopContext): Promise<void> {
  const { db, signal, log, idle } = context;
  const inHand = new Map<number, Promise<void>>();
  while (!signal.aborted) {
    try {
      await numberEvents(db);
      const { last } = await readBounds(db);
      const due = (await dueEndpoints(db, last, 2 * AT_ONCE)).filter((endpointId) => !inHand.has(endpointId));
      for (const endpointId of due.slice(0, AT_ONCE - inHand.size)) {
        const claim = { endpointId, owner: randomUUID() };
        if (!(await claimEndpoint(db, claim))) continue;
        const work = serveEndpoint(context, claim)
          .catch(async (error: unknown) => {
            log('error', { endpointId, error }, 'a webhook endpoint could not be served');
            await idle(OUTAGE_PAUSE_MS);
          })
          .finally(() => inHand.delete(endpointId));
        inHand.set(endpointId, work);
      }
      await Promise.race([idle(POLL_MS), ...(due.length > 0 ? inHand.values() : [])]);
    } catch (error) {
      log('error', { error }, 'webhooks could not be looked for');
      await idle(OUTAGE_PAUSE_MS);
    }
  }
  await Promise.all(inHand.values());
}
