/** A request whose time is up before its connection is there is never written. */
import { expect, it } from '@jest/globals';
import { buildConnector, Pool } from 'undici';
import { exchange, TIME_IS_UP } from '../../../infra/outbound/exchange.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { startOutside } from '../../support/outside.js';

it('is not sent when the connection comes after all', async () => {
  const outside = await startOutside();
  const connect = buildConnector({});
  const waiting: (() => void)[] = [];
  let open = false;
  const pool = new Pool(outside.url, {
    connections: 1,
    connect: (options, callback) => {
      if (open) connect(options, callback);
      else waiting.push(() => connect(options, callback));
    },
  });
  const post = (path: string, signal: AbortSignal) =>
    exchange(pool, { method: 'POST', path, headers: {}, body: '{}' }, 30_000, signal);
  try {
    const limit = new AbortController();
    const late = post('/late', limit.signal);
    await until(async () => waiting.length > 0, 'it connects');
    limit.abort(TIME_IS_UP);
    expect(await late).toEqual({ kind: 'never-sent', failure: 'timed-out', message: TIME_IS_UP });
    open = true;
    for (const go of waiting) go();
    expect(await post('/next', new AbortController().signal)).toMatchObject({ kind: 'answered', status: 200 });
    expect(outside.received.map(({ path }) => path)).toEqual(['/next']);
  } finally {
    await pool.destroy();
    await outside.close();
  }
});
