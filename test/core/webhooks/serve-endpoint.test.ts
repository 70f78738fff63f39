/** A turn of an endpoint ends in time, so that receivers that answer slowly do not hold up the others. */
import { expect, it } from '@jest/globals';
import { numberEvents } from '../../../core/event-feed/number-events.js';
import { sealSecret } from '../../../core/webhooks/secrets.js';
import { serveEndpoint } from '../../../core/webhooks/serve-endpoint.js';
import { claimEndpoint } from '../../../core/webhooks/stores/webhook-delivery.js';
import { insertEndpoint, storeSecret } from '../../../core/webhooks/stores/webhook-endpoint.js';
import { readConfig } from '../../../infra/config.js';
import { inTransaction } from '../../../infra/database.js';
import { createTestDatabase } from '../../support/database.js';
import { PRIVATE, recordRuns, startWebhookReceiver } from '../../support/webhooks.js';

it('a turn ends after the event with which its time is over, and the next one goes on', async () => {
  const database = await createTestDatabase();
  const receiver = await startWebhookReceiver();
  try {
    const { db } = database;
    const config = readConfig({ NODE_ENV: 'test', ...PRIVATE });
    const endpointId = await inTransaction(db, async (tx) => {
      const made = { sellerId: null, createdBy: 1, url: receiver.url, description: '', types: [], after: 0 };
      const id = await insertEndpoint(tx, made);
      await storeSecret(tx, id, sealSecret(config.encryptionKey, id, 'whsec_x'));
      return id;
    });
    await recordRuns(db, 1, 2, 3);
    await numberEvents(db);
    const context = { db, config, log: () => undefined, signal: new AbortController().signal };
    const claim = { endpointId, owner: 'a-runner' };
    const turn = async (...ms: number[]): Promise<unknown[]> => {
      expect(await claimEndpoint(db, claim)).toBe(true);
      await serveEndpoint(context, claim, ...ms);
      return receiver.received.map(({ event }) => event.data.runId);
    };
    expect(await turn(0)).toEqual([1]);
    expect(await turn()).toEqual([1, 2, 3]);
  } finally {
    await receiver.stop();
    await database.drop();
  }
});
