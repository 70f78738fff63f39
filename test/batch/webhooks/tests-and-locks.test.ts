/** Webhook endpoints of an account that is locked, and tests that their owners ask for. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { numberEvents } from '../../../core/event-feed/number-events.js';
import { readBounds } from '../../../core/event-feed/stores/feed-event.js';
import { claimEndpoint, dueEndpoints, readTarget } from '../../../core/webhooks/stores/webhook-delivery.js';
import { change } from '../../../infra/database.js';
import { makeAccount } from '../../support/accounts.js';
import { createTestDatabase } from '../../support/database.js';
import { webhookScene } from '../../support/webhook-scene.js';
import { recordRuns } from '../../support/webhooks.js';

const scene = webhookScene(createTestDatabase);
const { startLoop, call, make, runIds, arrived, attempts, one } = scene;

describe('an endpoint whose maker is locked', () => {
  const setStatus = (status: string) =>
    change(scene.db, 'UPDATE account SET status = ? WHERE account_id = ?', [status, scene.operator.accountId]);

  it('gets nothing until the maker is unlocked, and then all of it', async () => {
    const { endpointId } = await make();
    const { last } = await readBounds(scene.db);
    await setStatus('LOCKED');
    await recordRuns(scene.db, 1, 2);
    await numberEvents(scene.db);
    expect(await dueEndpoints(scene.db, last + 2, 10)).toEqual([]);
    expect(await claimEndpoint(scene.db, { endpointId, owner: 'x' })).toBe(false);
    const admin = await makeAccount(scene.db, 'admin');
    const shown = await scene.api.call('GET', `/v1/webhook-endpoints/${endpointId}`, { token: admin.token });
    expect(shown.body).toMatchObject({ status: 'ACTIVE', makerLocked: true });
    await setStatus('ACTIVE');
    startLoop();
    await arrived(2);
    expect(runIds()).toEqual([1, 2]);
    expect(await one(endpointId)).toMatchObject({ makerLocked: false });
  });

  it('gets no further event of a turn that has begun', async () => {
    const { endpointId } = await make();
    const claim = { endpointId, owner: 'turn' };
    expect(await claimEndpoint(scene.db, claim)).toBe(true);
    expect(await readTarget(scene.db, claim)).toMatchObject({ endpointId });
    await setStatus('LOCKED');
    expect(await readTarget(scene.db, claim)).toBeUndefined();
    await setStatus('ACTIVE');
  });
});

describe('a test', () => {
  it('sends a signed ping at once, even to a disabled endpoint, and reports the result', async () => {
    const { endpointId, secret } = await make();
    await call('PATCH', `/${endpointId}`, { status: 'DISABLED' });
    const tested = await call('POST', `/${endpointId}/test`);
    expect(tested).toMatchObject({ status: 200, body: { delivered: true, status: 204, error: null } });
    const [{ headers, body }] = scene.receiver.received as [(typeof scene.receiver.received)[0]];
    expect(JSON.parse(body)).toEqual({ id: 0, type: 'ping', happenedAt: expect.any(String), data: { endpointId } });
    const [, t = '', v1 = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['magam-signature'])) ?? [];
    expect(v1).toBe(createHmac('sha256', secret).update(`${t}.${body}`).digest('hex'));
    scene.receiver.answer((res) => void res.writeHead(500).end());
    const failed = (await call('POST', `/${endpointId}/test`)).body;
    expect(failed).toMatchObject({ delivered: false, status: 500, error: 'answered 500' });
    expect(await attempts(endpointId)).toEqual([]);
  });
});
