/** Downloads: the command's bytes, flat memory, few at a time, and nothing left behind by a client that goes. */
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../../scripts/chaos/magam.mjs';
import { Operating } from '../../support/operating.js';
import { createSmallDay, SMALL_DAY } from '../../support/small-day.js';

const WORKBOOK = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const FIRST_DAY = '2026-05-04';
const BIG_DAY = '2026-05-05';
/** About 15 MB: more than the sockets of two ends take by themselves. */
const LINES = 100_000;
/** A few lines with awkward ids. */
let small: Operating;
/** Many lines, on a server with room for two downloads. */
let operating: Operating;
beforeAll(async () => {
  small = await Operating.create(await createSmallDay());
  operating = await Operating.create(undefined, {
    MAGAM_HTTP_POOL: '8',
    MAGAM_DOWNLOADS_PER_ACCOUNT: '8',
  });
  await operating.seed(FIRST_DAY, 200);
  await operating.seed(BIG_DAY, LINES);
  for (const date of [FIRST_DAY, BIG_DAY]) await operating.magam('settle', '--date', date);
});
afterAll(async () => {
  await small.end();
  await operating.end();
});

const get = (path: string, headers: Readonly<Record<string, string>> = {}, from = operating) =>
  from.api.call('GET', path, { token: from.token, headers });

describe('a download', () => {
  it.each([
    ['lines', SMALL_DAY, [], ''],
    ['lines', SMALL_DAY, ['--spreadsheet-safe'], '&spreadsheetSafe=true'],
    ['lines', SMALL_DAY, ['--seller', 'S2'], '&sellerId=S2'],
    ['lines', BIG_DAY, [], ''],
    ['settlements', SMALL_DAY, [], ''],
    ['settlements', BIG_DAY, [], ''],
    ['settlements', SMALL_DAY, ['--spreadsheet-safe'], '&spreadsheetSafe=true'],
  ])('of %s of %s %j is the same to the byte as the command prints', async (what, date, options, query) => {
    const from = date === SMALL_DAY ? small : operating;
    const { text, headers } = await get(`/v1/${what}.csv?date=${date}${query}`, {}, from);
    expect(text).toBe(await from.magam(what, '--date', date, ...options));
    expect(headers.get('content-type')).toMatch(/^text\/csv; charset=utf-8/);
    expect(headers.get('content-disposition')).toMatch(
      new RegExp(`^attachment; filename="${what}-${date}[\\w.-]*\\.csv"$`),
    );
  });

  it.each([
    ['lines', `date=${SMALL_DAY}`, ['--date', SMALL_DAY]],
    ['lines', `date=${SMALL_DAY}&sellerId=S2`, ['--date', SMALL_DAY, '--seller', 'S2']],
    ['settlements', `from=${SMALL_DAY}&to=${SMALL_DAY}`, ['--date', SMALL_DAY]],
  ])('of %s?%s as a workbook is the same to the byte', async (what, query, options) => {
    const expected = Buffer.from(await small.magam(what, ...options, '--format', 'xlsx'), 'latin1');
    const headers = { Authorization: `Bearer ${small.token}` };
    const answer = await fetch(`${small.api.url}/v1/${what}.xlsx?${query}`, { headers });
    expect(Buffer.from(await answer.arrayBuffer()).equals(expected)).toBe(true);
    expect(answer.headers.get('content-type')).toBe(WORKBOOK);
    expect(answer.headers.get('content-disposition')).toMatch(
      new RegExp(`^attachment; filename="${what}-[\\w.-]*\\.xlsx"$`),
    );
  });

  it.each(['lines', 'settlements'])('of %s of a date that is not settled is refused', async (what) => {
    for (const format of ['csv', 'xlsx']) {
      const { status, body } = await get(`/v1/${what}.${format}?date=2026-05-06`);
      expect([status, body.code]).toEqual([409, 'DATE_NOT_SETTLED']);
    }
  });

  it('is asked for by run, by order, and over a range', async () => {
    const csv = await get(`/v1/lines.csv?date=${SMALL_DAY}`, {}, small);
    expect(csv.text).toBe(await small.magam('lines', '--date', SMALL_DAY));
    const { runId } = (await small.call('GET', '/v1/runs')).body.items[0];
    expect((await get(`/v1/lines.csv?runId=${runId}`, {}, small)).text).toBe(csv.text);
    expect((await get('/v1/lines.csv?orderId=B', {}, small)).body.code).toBe('REQUEST_INVALID');
    const order = await get(`/v1/lines.csv?date=${SMALL_DAY}&orderId=B`, {}, small);
    expect(
      order.text
        .trim()
        .split('\n')
        .map((row) => row.split(',')[0]),
    ).toEqual(['order_id', 'B', 'B']);
    const range = (await get(`/v1/settlements.csv?from=${FIRST_DAY}&to=${BIG_DAY}`)).text;
    const first = await operating.magam('settlements', '--date', FIRST_DAY);
    const second = await operating.magam('settlements', '--date', BIG_DAY);
    expect(range).toBe(first + second.slice(second.indexOf('\n') + 1));
  });

  it('keeps a hostile seller id out of the file name', async () => {
    const { headers } = await get(`/v1/lines.csv?date=${SMALL_DAY}&sellerId=${encodeURIComponent('x"; /../y')}`);
    expect(headers.get('content-disposition')).toBe(`attachment; filename="lines-${SMALL_DAY}-x_.._y.csv"`);
  });

  it('is refused while the date is being settled', async () => {
    const status = (value: string) =>
      operating.database.db.raw('UPDATE business_date SET status = ? WHERE business_on = ?', [value, FIRST_DAY]);
    await status('CLOSING');
    const answers = [
      await get(`/v1/lines.csv?date=${FIRST_DAY}`),
      await get(`/v1/settlements.csv?from=2026-01-01&to=${BIG_DAY}`),
    ];
    await status('CLOSED');
    for (const answer of answers) expect([answer.status, answer.body.code]).toEqual([409, 'DATE_NOT_SETTLED']);
  });
});

/** Starts a download and reads nothing of it but what the sockets take by themselves. */
async function startDownload(path: string) {
  const req = request(`${operating.api.url}${path}`, { headers: { Authorization: `Bearer ${operating.token}` } });
  req.on('error', () => undefined);
  req.end();
  const [response] = await once(req, 'response');
  return { status: (response as { statusCode: number }).statusCode, response, leave: () => req.destroy() };
}

const exporting = (): Promise<number> =>
  operating.count(
    `SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%settlement_line%UNION ALL%' AND id <> CONNECTION_ID()`,
  );

describe('a reader that is slow or goes away', () => {
  const path = `/v1/lines.csv?date=${BIG_DAY}`;

  it('holds one of few places, and the other calls their connections', async () => {
    const slow = [await startDownload(path), await startDownload(path)];
    expect(slow.map(({ status }) => status)).toEqual([200, 200]);
    await until(async () => (await exporting()) === 2, 'both are reading');
    const third = await get(path);
    expect([third.status, third.body.code]).toEqual([503, 'STREAMS_EXHAUSTED']);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    const others = await Promise.all(Array.from({ length: 20 }, () => get(`/v1/lines?date=${BIG_DAY}&limit=10`)));
    expect(others.map(({ status }) => status)).toEqual(Array(20).fill(200));

    for (const { leave } of slow) leave();
    await until(async () => (await exporting()) === 0, 'their connections are free');
    const again = await get(path);
    expect(again.status).toBe(200);
    expect(again.text.split('\n').length).toBeGreaterThan(LINES);
  });

  it.each(['csv', 'xlsx'])('of %s leaves nothing behind, however often', async (format) => {
    for (let i = 0; i < 12; i += 1) {
      const download = await startDownload(`/v1/lines.${format}?date=${BIG_DAY}`);
      expect(download.status).toBe(200);
      download.leave();
      await until(async () => (await exporting()) === 0, 'the connection is free');
    }
    const all = await Promise.all(Array.from({ length: 30 }, () => get(`/v1/settlements?date=${FIRST_DAY}`)));
    expect(all.map(({ status }) => status)).toEqual(Array(30).fill(200));
  });

  it.each(['csv', 'xlsx'])(
    'of %s does not take memory: rows that it does not read stay in the database',
    async (format) => {
      const before = process.memoryUsage().rss;
      const download = await startDownload(`/v1/lines.${format}?date=${BIG_DAY}`);
      await until(async () => (await exporting()) === 1, 'it is reading');
      let last = 0;
      const standsStill = (): boolean => {
        const grown = process.memoryUsage().rss - last;
        last += grown;
        return Math.abs(grown) < 100_000;
      };
      let still = 0;
      await until(() => {
        still = standsStill() ? still + 1 : 0;
        return still === 20;
      }, 'the memory does not grow');
      const grown = process.memoryUsage().rss - before;
      download.leave();
      expect(grown).toBeLessThan(64 * 1024 * 1024);
      await until(async () => (await exporting()) === 0, 'the connection is free');
    },
  );
});
