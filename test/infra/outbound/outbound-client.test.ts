/** Calls to the outside over real connections: what is tried again, what is cut off, and what is known afterwards. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OutboundCall, OutboundClient } from '../../../infra/outbound/outbound-client.js';
import type { OutboundSettings } from '../../../infra/outbound/outbound-settings.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import {
  cut,
  json,
  type Outside,
  outboundSettingsOf,
  silent,
  startDeaf,
  startOutside,
  text,
} from '../../support/outside.js';

let outside: Outside;
const clients: OutboundClient[] = [];
beforeEach(async () => {
  outside = await startOutside();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await outside.close();
});

function clientOf(more: Partial<OutboundSettings> = {}, url = outside.url, now?: () => number): OutboundClient {
  const client = new OutboundClient('SHOP', url, outboundSettingsOf(more), now);
  clients.push(client);
  return client;
}

const call = (more: Partial<OutboundCall> = {}): OutboundCall => ({
  kind: 'confirmation',
  method: 'POST',
  path: '/pay',
  headers: { authorization: 'Basic x' },
  body: '{"amount":1}',
  idempotent: false,
  ...more,
});
const withKey = call({ idempotent: true });

const breakerSettings = outboundSettingsOf().breaker;
/** Opens at the second of two calls when both failed. */
const nervous = { ...breakerSettings, windowCalls: 4, callsMin: 2, failedPercent: 100, probes: 2 };

describe('an answer', () => {
  it('comes with its status and body, for what was sent', async () => {
    outside.answer(json(402, { code: 'NO' }));
    const client = clientOf({}, `${outside.url}/base/`);
    expect(await client.call(call())).toEqual({
      outcome: 'answered',
      status: 402,
      body: '{"code":"NO"}',
      afterUnknown: false,
    });
    expect(outside.received).toMatchObject([
      { method: 'POST', path: '/base/pay', headers: { authorization: 'Basic x' }, body: { amount: 1 } },
    ]);
  });

  it.each([400, 402, 429, 500, 503])('with HTTP %d is not sent again, even with an idempotency key', async (status) => {
    outside.answer(json(status, {}));
    expect(await clientOf().call(withKey)).toMatchObject({ outcome: 'answered', status });
    expect(outside.received).toHaveLength(1);
  });

  it('of more than 1 MiB is not read, and the outcome of the call is unknown', async () => {
    let closed = false;
    outside.answer((response) => {
      response.on('close', () => {
        closed = true;
      });
      response.writeHead(200).write('x'.repeat(1_048_577));
    });
    expect(await clientOf().call(withKey)).toMatchObject({ outcome: 'unknown', failure: 'answer-too-large' });
    expect(outside.received).toHaveLength(1);
    await until(async () => closed, 'the connection is closed');
  });

  it('of 1 MiB is read', async () => {
    outside.answer(text(200, 'x'.repeat(1_048_576)));
    expect(await clientOf().call(call())).toMatchObject({ outcome: 'answered', status: 200 });
  });
});

describe('a call that was not sent', () => {
  it('is tried three times when no connection can be made', async () => {
    let connections = 0;
    const deaf = await startDeaf((socket) => {
      connections += 1;
      socket.destroy();
    });
    try {
      expect(await clientOf({}, deaf.url).call(call())).toMatchObject({ outcome: 'away', failure: 'no-connection' });
      expect(connections).toBe(3);
    } finally {
      await deaf.close();
    }
  });

  it('ends when a connection takes too long to be made', async () => {
    const deaf = await startDeaf(() => undefined);
    try {
      const client = clientOf({ connectMs: 30, tries: 1 }, deaf.url);
      const answer = await client.call(call());
      expect(answer).toMatchObject({ outcome: 'away', failure: 'no-connection' });
      expect(answer).toMatchObject({ message: expect.stringMatching(/timeout/i) });
    } finally {
      await deaf.close();
    }
  });

  it('ends when its time is up while the connection is being made, and is not sent later', async () => {
    let heard = 0;
    const deaf = await startDeaf((socket) => void socket.on('data', () => (heard += 1)));
    try {
      const client = clientOf({ answerMs: 30 }, deaf.url);
      expect(await client.call(withKey)).toMatchObject({ outcome: 'away', failure: 'timed-out' });
      expect(client.states()[0]).toMatchObject({ inFlight: 0 });
      expect(heard).toBeLessThanOrEqual(1); // the greeting of TLS
    } finally {
      await deaf.close();
    }
  });

  it('ends when no connection becomes free in time', async () => {
    outside.answer(silent);
    const client = clientOf({ connections: 1, connectionWaitMs: 10 });
    const gone = new AbortController();
    const first = client.call(call({ signal: gone.signal }));
    await until(async () => outside.received.length === 1, 'the first call is there');
    expect(await client.call(withKey)).toMatchObject({ outcome: 'away', failure: 'waited-too-long' });
    gone.abort();
    await first;
    expect(outside.received).toHaveLength(1);
  });

  it('is away when its caller gave it up before', async () => {
    expect(await clientOf().call(call({ signal: AbortSignal.abort() }))).toMatchObject({
      outcome: 'away',
      failure: 'given-up',
    });
    expect(outside.received).toEqual([]);
  });
});

describe('a call that was sent', () => {
  it('is not sent again when the connection is cut', async () => {
    outside.answer(cut);
    expect(await clientOf().call(call())).toMatchObject({ outcome: 'unknown', failure: 'connection-lost' });
    expect(outside.received).toHaveLength(1);
  });

  it('is sent again when it carries an idempotency key', async () => {
    outside.answer(cut, cut, json(200, {}));
    expect(await clientOf().call(withKey)).toMatchObject({ outcome: 'answered', status: 200, afterUnknown: true });
    expect(outside.received).toHaveLength(3);
  });

  it('is sent at most three times', async () => {
    outside.answer(cut);
    expect(await clientOf().call(withKey)).toMatchObject({ outcome: 'unknown', failure: 'connection-lost' });
    expect(outside.received).toHaveLength(3);
  });

  it('stays unknown when the next try finds the breaker open', async () => {
    outside.answer(cut);
    const client = clientOf({ breaker: { ...nervous, callsMin: 1 } });
    expect(await client.call(withKey)).toMatchObject({ outcome: 'unknown', failure: 'connection-lost' });
    expect(outside.received).toHaveLength(1);
  });

  it('is cut off when no head of an answer comes', async () => {
    outside.answer(silent);
    const client = clientOf({ readMs: 30 });
    expect(await client.call(call())).toMatchObject({ outcome: 'unknown', failure: 'timed-out' });
    expect(outside.received).toHaveLength(1);
  });

  it('is cut off when the body stops', async () => {
    outside.answer((response) => void response.writeHead(200).write('{'));
    expect(await clientOf({ readMs: 30 }).call(call())).toMatchObject({ outcome: 'unknown', failure: 'timed-out' });
  });

  it('is cut off when the body never ends, and leaves nothing behind', async () => {
    let closed = false;
    outside.answer((response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => {
        clearInterval(timer);
        closed = true;
      });
    });
    const client = clientOf({ answerMs: 60 });
    expect(await client.call(withKey)).toMatchObject({ outcome: 'unknown', failure: 'timed-out' });
    expect(client.states()).toMatchObject([
      { inFlight: 0, queued: 0 },
      { inFlight: 0, queued: 0 },
    ]);
    await until(async () => closed, 'the connection is closed');
    outside.answer(json(200, {}));
    expect(await client.call(call())).toMatchObject({ outcome: 'answered' });
  });

  it('is unknown when its caller gives it up, and says nothing against the service', async () => {
    outside.answer(silent);
    const client = clientOf({ breaker: { ...nervous, callsMin: 1 } });
    const gone = new AbortController();
    const answer = client.call({ ...withKey, signal: gone.signal });
    await until(async () => outside.received.length === 1, 'it was sent');
    gone.abort();
    expect(await answer).toMatchObject({ outcome: 'unknown', failure: 'given-up' });
    expect(client.states()[0]).toMatchObject({ breaker: 'closed' });
  });

  it('has no pause that its time does not allow', async () => {
    outside.answer(cut);
    const client = clientOf({ tryPauseMs: 600_000, answerMs: 30_000 });
    expect(await client.call(withKey)).toMatchObject({ outcome: 'unknown', failure: 'connection-lost' });
  });
});

describe('connections', () => {
  it('are kept, and closed when they have been idle', async () => {
    const client = clientOf({ idleMs: 50 });
    await client.call(call());
    await until(async () => outside.connections() === 0, 'the connection is closed');
  });

  it('are as many as the calls at once, and no more than the setting', async () => {
    const client = clientOf({ connections: 3 });
    let most = 0;
    outside.answer((response, received) => {
      most = Math.max(most, outside.connections());
      json(200, {})(response, received);
    });
    const answers = await Promise.all(Array.from({ length: 30 }, () => client.call(call())));
    expect(answers.every(({ outcome }) => outcome === 'answered')).toBe(true);
    expect(most).toBe(3);
  });
});

describe('calls at once', () => {
  it('of one kind do not hold up those of the other', async () => {
    outside.answer(silent);
    const client = clientOf({ confirmations: { atOnceMax: 2, queueMax: 1, waitMs: 600_000 } });
    const gone = new AbortController();
    const held = Array.from({ length: 3 }, () => client.call(call({ signal: gone.signal })));
    await until(async () => outside.received.length === 2, 'two are sent');
    expect(client.states()).toEqual([
      { service: 'SHOP', kind: 'confirmation', breaker: 'closed', inFlight: 2, queued: 1 },
      { service: 'SHOP', kind: 'look-up', breaker: 'closed', inFlight: 0, queued: 0 },
    ]);
    expect(await client.call(call())).toMatchObject({ outcome: 'away', failure: 'queue-full' });
    outside.answer(json(200, {}));
    expect(await client.call(call({ kind: 'look-up' }))).toMatchObject({ outcome: 'answered' });
    gone.abort();
    await Promise.all(held);
    expect(outside.received).toHaveLength(3); // the one that waited was given up before it was sent
  });

  it('are turned away when their turn does not come in time', async () => {
    outside.answer(silent);
    const client = clientOf({ lookUps: { atOnceMax: 1, queueMax: 1, waitMs: 10 } });
    const gone = new AbortController();
    const held = client.call(call({ kind: 'look-up', signal: gone.signal }));
    await until(async () => outside.received.length === 1, 'one is sent');
    expect(await client.call(call({ kind: 'look-up' }))).toMatchObject({ outcome: 'away', failure: 'waited-too-long' });
    gone.abort();
    await held;
    expect(outside.received).toHaveLength(1);
  });
});

describe('the breaker', () => {
  it.each([
    ['answers of 5xx', json(503, {})],
    ['cut connections', cut],
    ['time-outs', silent],
  ])('counts %s', async (_what, behaviour) => {
    outside.answer(behaviour);
    const client = clientOf({ breaker: nervous, readMs: 30 });
    await client.call(call());
    await client.call(call());
    expect(client.states()[0]).toMatchObject({ breaker: 'open' });
    expect(await client.call(call())).toMatchObject({ outcome: 'away', failure: 'breaker-open' });
    expect(outside.received).toHaveLength(2);
  });

  it('counts connections that cannot be made', async () => {
    const deaf = await startDeaf((socket) => void socket.destroy());
    try {
      const client = clientOf({ breaker: nervous, tries: 1 }, deaf.url);
      await client.call(call());
      await client.call(call());
      expect(client.states()[0]).toMatchObject({ breaker: 'open' });
    } finally {
      await deaf.close();
    }
  });

  it('does not count declines', async () => {
    outside.answer(json(402, {}));
    const client = clientOf({ breaker: nervous });
    for (let count = 0; count < 10; count += 1) await client.call(call());
    expect(client.states()[0]).toMatchObject({ breaker: 'closed' });
  });

  it('of confirmations lets look-ups through', async () => {
    outside.answer(json(500, {}));
    const client = clientOf({ breaker: nervous });
    await client.call(call());
    await client.call(call());
    outside.answer(json(200, {}));
    expect(client.states()).toMatchObject([{ breaker: 'open' }, { breaker: 'closed' }]);
    expect(await client.call(call({ kind: 'look-up' }))).toMatchObject({ outcome: 'answered' });
  });

  it('answers at once while it is open, although all turns are taken', async () => {
    outside.answer(cut);
    const client = clientOf({
      breaker: { ...nervous, callsMin: 1 },
      confirmations: { atOnceMax: 1, queueMax: 10, waitMs: 5 },
      tryPauseMs: 1_000,
    });
    const pausing = client.call(withKey); // keeps its turn between its tries
    await until(async () => client.states()[0]?.breaker === 'open', 'it opens');
    expect(client.states()[0]).toMatchObject({ inFlight: 1 });
    expect(await client.call(call())).toMatchObject({ outcome: 'away', failure: 'breaker-open' });
    expect(await pausing).toMatchObject({ outcome: 'unknown' });
  });

  it('goes from closed to open to half-open and back by the clock it is given', async () => {
    let time = 0;
    const client = clientOf({ breaker: nervous }, outside.url, () => time);
    const breaker = () => client.states()[0]?.breaker;
    outside.answer(json(500, {}));
    await client.call(call());
    await client.call(call());
    expect(breaker()).toBe('open');
    time += nervous.openMs;
    expect(breaker()).toBe('half-open');
    await client.call(call());
    await client.call(call());
    expect(breaker()).toBe('open');
    time += nervous.openMs;
    outside.answer(json(200, {}));
    await client.call(call());
    expect(breaker()).toBe('half-open');
    await client.call(call());
    expect(breaker()).toBe('closed');
  });

  it('opens when answers are slow', async () => {
    let time = 0;
    outside.answer((response, received) => {
      time += breakerSettings.slowMs + 1;
      json(200, {})(response, received);
    });
    const client = clientOf({ breaker: nervous }, outside.url, () => time);
    await client.call(call());
    await client.call(call());
    expect(client.states()[0]).toMatchObject({ breaker: 'open' });
  });
});
