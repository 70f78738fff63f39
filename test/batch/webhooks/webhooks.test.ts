/** Webhooks from the event to the receiver: in order, once each, signed, tried again, replayed, and never to a private address. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimEndpoint, noteDelivered } from '../../../core/webhooks/stores/webhook-delivery.js';
import { change, inTransaction, select } from '../../../infra/database.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount, makeSeller } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createSmallDay, SMALL_DAY } from '../../support/small-day.js';
import { leadElsewhere, taskRunners } from '../../support/tasks.js';
import { webhookScene } from '../../support/webhook-scene.js';
import { letTry, PRIVATE, recordRuns } from '../../support/webhooks.js';

const startRunner = taskRunners();
const scene = webhookScene(async () => {
  const database = await createSmallDay(); // S1 has a settlement of it
  await leadElsewhere(database.db);
  return database;
});
const { startLoop, stopLoops, call, make, runIds, arrived, attempts, noted, one } = scene;

describe('a delivery', () => {
  it('is signed over time and body, and says what the feed says', async () => {
    const { endpointId, secret } = await make();
    startLoop();
    await recordRuns(scene.db, 1);
    await arrived(1);
    const [{ headers, body, path }] = scene.receiver.received as [(typeof scene.receiver.received)[0]];
    expect(path).toBe('/magam');
    expect(headers['content-type']).toBe('application/json');
    const [, t = '', v1 = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['magam-signature'])) ?? [];
    expect(Math.abs(Date.now() / 1_000 - Number(t))).toBeLessThan(60);
    expect(v1).toBe(createHmac('sha256', secret).update(`${t}.${body}`).digest('hex'));
    const { items } = (await scene.api.call('GET', '/v1/events?limit=200', { token: scene.operator.token })).body;
    expect(JSON.parse(body)).toEqual(items.at(-1));
    await noted(endpointId, 1);
    expect(await attempts(endpointId)).toEqual([
      {
        deliveryId: expect.any(Number),
        eventId: items.at(-1).id,
        type: 'run.stopped',
        replayed: false,
        attemptedAt: expect.any(String),
        durationMs: expect.any(Number),
        delivered: true,
        status: 204,
        error: null,
      },
    ]);
    expect(await one(endpointId)).toMatchObject({ deliveredThrough: items.at(-1).id, attempts: 0, failingSince: null });
  });

  it('that fails is tried again, and what comes later waits, so that the order stays', async () => {
    let down = true;
    scene.receiver.answer((res) => void res.writeHead(down ? 503 : 200).end('busy'));
    const { endpointId } = await make();
    startLoop();
    await recordRuns(scene.db, 1, 2, 3);
    await noted(endpointId, 1);
    const failing = await one(endpointId);
    expect(failing).toMatchObject({ attempts: 1, failingSince: expect.any(String) });
    expect(Date.parse(failing.nextTryAt) - Date.parse(failing.failingSince)).toBe(10_000);
    await letTry(scene.db);
    await noted(endpointId, 2);
    down = false;
    await letTry(scene.db);
    await noted(endpointId, 5);
    expect(runIds()).toEqual([1, 1, 1, 2, 3]);
    expect((await attempts(endpointId)).map(({ error }: { error: string | null }) => error)).toEqual([
      null,
      null,
      null,
      'answered 503',
      'answered 503',
    ]);
    expect(await one(endpointId)).toMatchObject({ attempts: 0, failingSince: null, nextTryAt: null });
  });

  it('to a slow one does not hold up the others', async () => {
    const held: (() => void)[] = [];
    scene.receiver.answer((res, { path }) => {
      const end = () => void res.writeHead(200).end();
      if (path === '/slow') held.push(end);
      else end();
    });
    await make({ url: `http://127.0.0.1:${scene.receiver.port}/slow` });
    const { endpointId } = await make();
    startLoop();
    await recordRuns(scene.db, 1, 2);
    await noted(endpointId, 2);
    expect(scene.receiver.received.filter(({ path }) => path === '/slow')).toHaveLength(1);
    for (const end of held) end();
  });

  it.each([
    [
      'a redirect',
      'answered 302; redirects are not followed',
      (url: string) => ({ status: 302, headers: { Location: url }, body: '' }),
    ],
    ['a refusal', 'answered 404', () => ({ status: 404, headers: {}, body: 'no' })],
    [
      'an endless answer',
      'the answer has more than 1048576 bytes',
      () => ({ status: 200, headers: {}, body: 'x'.repeat(2_000_000) }),
    ],
  ])('counts %s as a failure', async (_what, error, answerOf) => {
    scene.receiver.answer((res) => {
      const { status, headers, body } = answerOf(`${scene.receiver.url}/elsewhere`);
      res.writeHead(status, headers).end(body);
    });
    const { endpointId } = await make();
    startLoop();
    await recordRuns(scene.db, 1);
    await noted(endpointId, 1);
    expect((await attempts(endpointId))[0]).toMatchObject({ delivered: false, error });
    expect(scene.receiver.received.map(({ path }) => path)).toEqual(['/magam']);
  });

  it('is made once, however many runners are at work', async () => {
    const { endpointId } = await make();
    const second = await make();
    for (let n = 0; n < 4; n += 1) startLoop();
    for (let n = 1; n <= 10; n += 1) await recordRuns(scene.db, n);
    await noted(endpointId, 10);
    await noted(second.endpointId, 10);
    await stopLoops();
    expect(scene.receiver.received).toHaveLength(20);
  });

  it('whose runner was killed is made again by another, and has the same id', async () => {
    const { endpointId } = await make();
    const runner = startRunner(scene.database.url, { ...PRIVATE, MAGAM_FAULT: 'webhook.sent:kill' });
    await runner.says('runner started');
    await recordRuns(scene.db, 1, 2);
    expect((await runner.ended).signal).toBe('SIGKILL');
    expect(runIds()).toEqual([1]);
    expect(await attempts(endpointId)).toEqual([]);
    startLoop();
    await recordRuns(scene.db, 3);
    await change(scene.db, 'UPDATE webhook_endpoint SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
    await noted(endpointId, 3);
    expect(runIds()).toEqual([1, 1, 2, 3]);
    expect(new Set(scene.receiver.received.slice(0, 2).map(({ event }) => event.id)).size).toBe(1);
  });

  it('is not recorded by a process that was taken for dead', async () => {
    const { endpointId } = await make();
    const claim = { endpointId, owner: 'a-frozen-runner' };
    const next = { endpointId, owner: 'its-successor' };
    expect([await claimEndpoint(scene.db, claim), await claimEndpoint(scene.db, next)]).toEqual([true, false]);
    await change(scene.db, 'UPDATE webhook_endpoint SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
    expect(await claimEndpoint(scene.db, next)).toBe(true);
    const { deliveredThrough: from } = await one(endpointId);
    const note = (by: typeof claim) => inTransaction(scene.db, (tx) => noteDelivered(tx, by, from, from + 1));
    expect([await note(claim), await note(next)]).toEqual([false, true]);
  });
});

describe('an endpoint', () => {
  it('gets the types that it wants', async () => {
    const { endpointId } = await make({ types: ['run.begun'] });
    startLoop();
    await recordRuns(scene.db, 1, 2);
    const last = (await scene.api.call('GET', '/v1/events?limit=200', { token: scene.operator.token })).body.after;
    await until(async () => (await one(endpointId)).deliveredThrough === last, 'they are passed');
    expect(scene.receiver.received).toEqual([]);
  });

  it('of a seller is told of what is settled of the seller', async () => {
    await makeSeller(scene.db, 'S1');
    const { token } = await makeAccount(scene.db, 'seller', { sellerId: 'S1' });
    const ask = (body: object) =>
      scene.api.call('POST', '/v1/webhook-endpoints', { token, body: { url: scene.receiver.url, ...body } });
    expect((await ask({ types: ['run.begun'] })).body.code).toBe('EVENT_TYPE_REFUSED');
    const made = await ask({});
    expect(made.body).toMatchObject({ sellerId: 'S1', types: [] });
    startLoop();
    await recordRuns(scene.db, 1);
    await inTransaction(scene.db, async (tx) => {
      for (const date of ['2026-05-05', SMALL_DAY])
        await change(
          tx,
          `INSERT INTO feed_event (type, settled_on, generation, data, happened_at) VALUES ('settlement.closed', ?, 1, ?, UTC_TIMESTAMP(3))`,
          [date, JSON.stringify({ date, generation: 1 })],
        );
    });
    await arrived(1);
    expect(scene.receiver.received.map(({ event }) => event.data)).toEqual([{ date: SMALL_DAY, generation: 1 }]);
    const list = await scene.api.call('GET', '/v1/webhook-endpoints', { token });
    expect(list.body.items).toMatchObject([{ endpointId: made.body.endpointId }]);
  });

  it('that fails for days is disabled, operators are told, and it goes on where it was when it is enabled', async () => {
    scene.receiver.answer((res) => void res.writeHead(500).end());
    const { endpointId } = await make();
    startLoop();
    await recordRuns(scene.db, 1, 2);
    await noted(endpointId, 1);
    await change(scene.db, 'UPDATE webhook_endpoint SET failing_since = failing_since - INTERVAL 71 HOUR');
    await letTry(scene.db);
    await noted(endpointId, 2);
    expect((await one(endpointId)).status).toBe('ACTIVE');
    await change(scene.db, 'UPDATE webhook_endpoint SET failing_since = failing_since - INTERVAL 1 HOUR');
    await letTry(scene.db);
    await noted(endpointId, 3);
    expect((await one(endpointId)).status).toBe('DISABLED');
    const told = await select<{ payload: string }>(
      scene.db,
      `SELECT payload FROM outbox_event WHERE type = 'webhook.disabled'`,
    );
    expect(told.map(({ payload }) => JSON.parse(payload))).toEqual([
      { endpointId, sellerId: null, host: '127.0.0.1', error: 'answered 500' },
    ]);
    expect((await call('POST', `/${endpointId}/replay`, { after: 0 })).body.code).toBe('WEBHOOK_ENDPOINT_DISABLED');
    scene.receiver.answer((res) => void res.writeHead(200).end());
    scene.receiver.received.splice(0);
    expect((await call('PATCH', `/${endpointId}`, { status: 'ACTIVE' })).body).toMatchObject({
      status: 'ACTIVE',
      attempts: 0,
    });
    await arrived(2);
    expect(runIds()).toEqual([1, 2]);
  });

  it('is told one event again, or all since one', async () => {
    const { endpointId } = await make({ types: ['run.stopped'] });
    startLoop();
    await recordRuns(scene.db, 1, 2, 3);
    await noted(endpointId, 3);
    const [first] = scene.receiver.received.map(({ event }) => event.id) as [number];
    const replay = (body: object) => call('POST', `/${endpointId}/replay`, body);
    expect((await replay({ eventId: first + 1 })).status).toBe(202);
    await noted(endpointId, 4);
    expect((await attempts(endpointId))[0]).toMatchObject({ eventId: first + 1, replayed: true, delivered: true });
    expect((await replay({ after: first })).status).toBe(202);
    await noted(endpointId, 6);
    expect(runIds()).toEqual([1, 2, 3, 2, 2, 3]);
    expect((await replay({ eventId: 999_999 })).body.code).toBe('EVENT_NOT_FOUND');
    expect((await replay({ after: 999_999 })).body.code).toBe('EVENT_ID_UNKNOWN');
    for (const body of [{}, { eventId: 1, after: 1 }])
      expect((await replay(body)).body.detail).toContain('body must have either eventId or after');
  });

  it('may be told again from before an event that is being sent at this moment', async () => {
    const held: (() => void)[] = [];
    scene.receiver.answer((res) => void held.push(() => void res.writeHead(200).end()));
    const { endpointId } = await make();
    const { deliveredThrough } = await one(endpointId);
    startLoop();
    await recordRuns(scene.db, 1);
    await arrived(1);
    await call('POST', `/${endpointId}/replay`, { after: deliveredThrough - 1 });
    scene.receiver.answer((res) => void res.writeHead(200).end());
    for (const end of held) end();
    await arrived(3);
    expect(runIds().slice(-1)).toEqual([1]);
  });

  it('signs with both secrets for a day when its secret was replaced', async () => {
    const { endpointId, secret: former } = await make();
    const { secret } = (await call('POST', `/${endpointId}/secret`)).body;
    expect(secret).not.toBe(former);
    startLoop();
    const signers = (): string[] => {
      const { headers, body } = scene.receiver.received.at(-1) as (typeof scene.receiver.received)[0];
      const [t = '', ...v1] = String(headers['magam-signature']).split(',');
      const by = (key: string) =>
        `v1=${createHmac('sha256', key)
          .update(`${t.slice(2)}.${body}`)
          .digest('hex')}`;
      return v1.map((one) => (one === by(secret) ? 'new' : one === by(former) ? 'former' : 'nobody'));
    };
    await recordRuns(scene.db, 1);
    await arrived(1);
    expect(signers()).toEqual(['new', 'former']);
    await call('POST', `/${endpointId}/test`);
    expect(scene.receiver.received).toHaveLength(2);
    expect(signers()).toEqual(['new', 'former']);
    await change(scene.db, 'UPDATE webhook_endpoint SET former_until = UTC_TIMESTAMP(3)');
    await recordRuns(scene.db, 2);
    await arrived(3);
    expect(signers()).toEqual(['new']);
    const [row] = await select(scene.db, 'SELECT * FROM webhook_endpoint WHERE endpoint_id = ?', [endpointId]);
    expect(JSON.stringify(row)).not.toMatch(/whsec_/);
  });

  it('that is deleted gets nothing', async () => {
    const { endpointId } = await make();
    expect((await call('DELETE', `/${endpointId}`)).status).toBe(204);
    expect((await call('GET', `/${endpointId}`)).body.code).toBe('WEBHOOK_ENDPOINT_NOT_FOUND');
    const other = await make();
    startLoop();
    await recordRuns(scene.db, 1);
    await noted(other.endpointId, 1);
    expect(scene.receiver.received).toHaveLength(1);
  });
});

describe('an address', () => {
  let strict: RunningApi;
  beforeAll(async () => {
    strict = await startApi(scene.database.url);
  });
  afterAll(() => strict?.stop());

  it.each([
    'http://127.0.0.1/x',
    'http://localhost/x',
    'http://2130706433/x',
    'http://[::1]/x',
    'http://[::ffff:10.0.0.1]/x',
    'https://169.254.169.254/latest',
    'http://10.1.2.3/',
    'http://0.0.0.0/',
    'https://nowhere.invalid/x',
    'ftp://example.com/x',
    'https://user:password@93.184.215.14/x',
    'https://93.184.215.14/#x',
    'nonsense',
  ])('%s is refused', async (url) => {
    const answer = await strict.call('POST', '/v1/webhook-endpoints', { token: scene.operator.token, body: { url } });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'WEBHOOK_URL_REFUSED', details: { reason: expect.any(String) } },
    });
  });

  it('that is public is taken', async () => {
    const url = 'https://93.184.215.14/hooks?shop=1';
    const answer = await strict.call('POST', '/v1/webhook-endpoints', { token: scene.operator.token, body: { url } });
    expect(answer).toMatchObject({ status: 201, body: { url } });
    const { endpointId } = answer.body;
    const token = scene.operator.token;
    const edited = await strict.call('PATCH', `/v1/webhook-endpoints/${endpointId}`, {
      token,
      body: { url: 'http://10.0.0.1/' },
    });
    expect(edited.body.code).toBe('WEBHOOK_URL_REFUSED');
  });

  it.each(['127.0.0.1', 'localhost'])(
    'of a private network, %s, is not called, whatever it was when it was given',
    async (host) => {
      const { endpointId } = await make({ url: `http://${host}:${scene.receiver.port}/x` });
      startLoop({});
      await recordRuns(scene.db, 1);
      await noted(endpointId, 1);
      expect((await attempts(endpointId))[0]).toMatchObject({
        delivered: false,
        status: null,
        error: 'the host has a private address',
      });
      expect(scene.receiver.received).toEqual([]);
    },
  );
});
