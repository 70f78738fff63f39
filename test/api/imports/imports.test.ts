/** Imports over HTTP: uploaded, followed, refused, abandoned; the rejects file is that of the command. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { change, select } from '../../../infra/database.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount } from '../../support/accounts.js';
import { refundsCsv, salesCsv } from '../../support/feed-files.js';
import { ImportScene, LINES, manyLines } from '../../support/import-scene.js';
import { Operating } from '../../support/operating.js';
import { leadElsewhere } from '../../support/tasks.js';

let files: ImportScene;
let scene: Operating;
beforeAll(async () => {
  files = await ImportScene.open();
  await leadElsewhere(files.database.db);
  scene = await Operating.create(files.database, { MAGAM_UPLOAD_BYTES_MAX: '3000000', MAGAM_TIME_ZONE: 'Asia/Seoul' });
  scene.startRunner({ MAGAM_TIME_ZONE: 'Asia/Seoul' });
});
afterAll(async () => {
  files.folder.remove();
  await scene.end();
});
beforeEach(async () => {
  await files.reset();
});

const csv = { 'Content-Type': 'text/csv' };
const upload = (query: string, content: string | Uint8Array, headers: Record<string, string> = {}) =>
  scene.call('POST', `/v1/imports?${query}`, content, { ...csv, ...headers });
async function ended(address: string) {
  return until(async () => {
    const { body } = await scene.call('GET', address);
    return body.endedAt === null ? undefined : body;
  }, `${address} has ended`);
}
const imported = async (query: string, content: string) =>
  ended((await upload(query, content)).headers.get('location') ?? '');
const stored = async (): Promise<number> => {
  const [row] = await select<{ n: number }>(
    files.database.db,
    'SELECT (SELECT COUNT(*) FROM stored_file) + (SELECT COUNT(*) FROM stored_file_part) AS n',
  );
  return Number(row?.n);
};

describe('an upload', () => {
  it('is taken, followed and imported; the same again changes nothing', async () => {
    const content = manyLines();
    const asked = await upload('kind=lines&fileName=%EC%A3%BC%EB%AC%B8.csv', content);
    expect(asked.status).toBe(202);
    expect(asked.body).toMatchObject({
      kind: 'lines',
      fileName: '주문.csv',
      bytes: Buffer.byteLength(content),
      status: 'REQUESTED',
      result: null,
      rejects: null,
      unfinished: false,
    });
    const address = asked.headers.get('location') ?? '';
    expect(address).toBe(`/v1/imports/${asked.body.importId}`);
    const shown = await ended(address);
    expect(shown).toMatchObject({
      status: 'COMPLETED',
      stage: 'IMPORTING',
      progress: { done: LINES, total: LINES },
      result: { rows: LINES, imported: LINES, unchanged: 0, rejected: 0, notices: [], lateOn: null },
      dryRun: false,
      feedImportId: Number(await files.importId('MAX')),
      unfinished: false,
      rejects: `${address}/rejects`,
    });
    expect(await files.count('sale_entry')).toBe(LINES);
    const clean = await scene.call('GET', `${address}/rejects`);
    expect(clean).toMatchObject({ status: 200, text: 'line,column,code,value\n' });
    expect(clean.headers.get('content-disposition')).toContain(`import-${asked.body.importId}-rejects.csv`);
    const again = await imported('kind=lines', content);
    expect(again).toMatchObject({ status: 'COMPLETED', result: { imported: 0, unchanged: LINES } });
    expect(again.importId).not.toBe(asked.body.importId);
    expect((await scene.call('GET', '/v1/imports?limit=2')).body.items).toMatchObject([
      { importId: again.importId },
      { importId: asked.body.importId },
    ]);
    const [row] = await select<{ source: string }>(
      files.database.db,
      'SELECT source FROM feed_import ORDER BY import_id LIMIT 1',
    );
    expect(row?.source).toBe('주문.csv');
    const left = `SELECT COUNT(*) AS n FROM stored_file WHERE purpose = 'UPLOAD'`;
    await until(
      async () => Number((await select<{ n: number }>(files.database.db, left))[0]?.n) === 0,
      'uploads are gone',
    );
  });

  it('takes the options of the command: mapping, encoding, zone, late', async () => {
    const theirs = 'no;line;who'.split(';');
    expect(theirs).toHaveLength(3);
    const content = salesCsv({
      order_id: 'M1',
      currency: 'ignored',
      ordered_on: '2026-03-05 23:10:00',
      confirmed_on: '2026-03-05 23:10:00',
    }).replace('order_id', 'their_order');
    const mapping = encodeURIComponent(JSON.stringify({ order_id: 'their_order', currency: '=KRW' }));
    const shown = await imported(`kind=lines&mapping=${mapping}&timeZone=America/Sao_Paulo&encoding=utf8`, content);
    expect(shown).toMatchObject({
      status: 'COMPLETED',
      timeZone: 'America/Sao_Paulo',
      mapping: { order_id: 'their_order', currency: '=KRW' },
    });
    const [row] = await select<{ ordered_on: string }>(
      files.database.db,
      `SELECT ordered_on FROM sale_entry WHERE order_id = 'M1'`,
    );
    expect(row?.ordered_on).toBe('2026-03-06');
    const refund = await imported('kind=refunds', refundsCsv({ order_id: 'M1', refunded_on: '2026-03-07' }));
    expect(refund).toMatchObject({ kind: 'refunds', result: { imported: 1 } });
    await change(files.database.db, `UPDATE settlement_calendar SET shut_through = '2026-03-31'`);
    const closed = salesCsv({ order_id: 'L1' });
    expect(await imported('kind=lines', closed)).toMatchObject({
      error: { code: 'IMPORT_REJECTED', details: { codes: { DATE_CLOSED: 1 } } },
    });
    expect(await imported('kind=lines&late=true', closed)).toMatchObject({
      status: 'COMPLETED',
      result: { lateOn: '2026-04-01' },
    });
  });

  it('with bad rows is refused whole, and its rejects file is that of the command', async () => {
    const bad = salesCsv(
      ...Array.from({ length: 300 }, (_, i) => ({
        order_id: `B${i}`,
        quantity: i % 3 === 0 ? '0' : '1',
        category: i % 2 === 0 ? '"a,""b"' : 'x',
      })),
    );
    const file = files.folder.write(bad);
    const rejects = join(files.folder.path, 'rejects.csv');
    expect((await files.magam('import', 'lines', file, '--rejects', rejects)).code).toBe(1);
    const shown = await imported('kind=lines', bad);
    expect(shown).toMatchObject({
      status: 'FAILED',
      result: null,
      unfinished: false,
      error: { code: 'IMPORT_REJECTED', details: { rows: 300, rejected: 100 } },
    });
    expect(shown.error.details.rejects).toHaveLength(20);
    expect(await files.count('sale_entry')).toBe(0);
    expect((await scene.call('GET', shown.rejects)).text).toBe(readFileSync(rejects, 'utf8'));
    const skipped = await imported('kind=lines&skipRejects=true', bad);
    expect(skipped).toMatchObject({ status: 'COMPLETED', result: { imported: 200, rejected: 100 } });
    expect((await scene.call('GET', skipped.rejects)).text).toBe(readFileSync(rejects, 'utf8'));
  });

  it.each([
    ['kind=lines', 'not,the\ncolumns,at\nall', 'COLUMN_MISSING'],
    ['kind=lines', '"', 'CSV_MALFORMED'],
    ['kind=refunds', 'PK\u0003\u0004 a zip', 'FILE_BINARY'],
  ])('%s of %j ends with %s and has no rejects file', async (query, content, code) => {
    const shown = await imported(query, content);
    expect(shown).toMatchObject({ status: 'FAILED', error: { code }, rejects: null });
    expect(JSON.stringify(shown.error)).not.toMatch(/\/tmp|magam-upload/);
    expect((await scene.call('GET', `/v1/imports/${shown.importId}/rejects`)).body.code).toBe('REJECTS_NOT_FOUND');
  });

  it('is refused before a byte is kept', async () => {
    const before = await stored();
    const cases: [string, string, Record<string, string>, number, string][] = [
      ['kind=lines', 'x'.repeat(3_000_001), csv, 413, 'BODY_TOO_LARGE'],
      ['kind=lines', '', csv, 422, 'FILE_EMPTY'],
      ['kind=lines', 'a', { 'Content-Type': 'application/json' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
      ['kind=lines', 'a', { ...csv, 'Content-Encoding': 'gzip' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
      ['kind=lines&mapping=nonsense', 'a', csv, 422, 'MAPPING_INVALID'],
      ['kind=lines&mapping=%7B%22a%22%3A1%7D', 'a', csv, 422, 'MAPPING_INVALID'],
      ['kind=lines&encoding=klingon', 'a', csv, 422, 'ENCODING_UNKNOWN'],
      ['kind=lines&timeZone=Mars/Olympus', 'a', csv, 400, 'REQUEST_INVALID'],
      ['kind=both', 'a', csv, 400, 'REQUEST_INVALID'],
      ['', 'a', csv, 400, 'REQUEST_INVALID'],
      ['kind=lines&fileName=a%00b', 'a', csv, 400, 'REQUEST_INVALID'],
    ];
    for (const [query, content, headers, status, code] of cases) {
      expect(await scene.call('POST', `/v1/imports?${query}`, content, headers)).toMatchObject({
        status,
        body: { code },
      });
    }
    expect(await stored()).toBe(before);
  });

  it('without a length is cut at the limit, and nothing of it is kept', async () => {
    const before = await stored();
    const answer = await send(async (write) => {
      for (let i = 0; i < 50; i += 1) await write(Buffer.alloc(100_000, 'a'));
    });
    expect(answer).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    await until(async () => (await stored()) === before, 'nothing is kept');
  });

  it('that breaks off leaves nothing behind', async () => {
    const before = await stored();
    await send(async (write, destroy) => {
      for (let i = 0; i < 8; i += 1) await write(Buffer.alloc(100_000, 'a'));
      await until(async () => (await stored()) > before, 'parts are stored');
      destroy();
    }).catch(() => undefined);
    await until(async () => (await stored()) === before, 'nothing is kept');
  });

  /** Sends a body bit by bit. */
  function send(
    body: (write: (chunk: Buffer) => Promise<void>, destroy: () => void) => Promise<void>,
  ): Promise<{ status: number; code: string }> {
    return new Promise((resolve, reject) => {
      const out = request(
        `${scene.api.url}/v1/imports?kind=lines`,
        { method: 'POST', headers: { ...csv, Authorization: `Bearer ${scene.token}` } },
        (res) => {
          let text = '';
          res.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          res.on('end', () =>
            resolve({ status: res.statusCode ?? 0, code: (JSON.parse(text) as { code: string }).code }),
          );
        },
      );
      out.on('error', reject);
      const write = (chunk: Buffer): Promise<void> => new Promise((done) => out.write(chunk, () => done()));
      body(write, () => out.destroy()).then(() => out.end(), reject);
    });
  }

  it('under a key is answered again as it was, with another body refused; its parts are not kept twice', async () => {
    const key = { 'Idempotency-Key': 'upload-once' };
    const [content, other] = [salesCsv({ order_id: 'K1' }), salesCsv({ order_id: 'K2' })];
    const first = await upload('kind=lines', content, key);
    expect((await upload('kind=lines', other, key)).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
    const again = await upload('kind=lines', content, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    await ended(first.headers.get('location') ?? '');
    await until(async () => {
      const [row] = await select<{ n: number }>(
        files.database.db,
        `SELECT COUNT(*) AS n FROM stored_file WHERE purpose = 'UPLOAD'`,
      );
      return Number(row?.n) === 0;
    }, 'no upload is kept');
  });

  it('is for operators, and is not found under another id', async () => {
    const { token } = await makeAccount(files.database.db, 'seller', { sellerId: 'seller-000001' });
    const refused = await scene.api.call('POST', '/v1/imports?kind=lines', { token, body: 'a', headers: csv });
    expect(refused.status).toBe(403);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/rejects'],
      ['POST', '/abandon'],
      ['POST', '/withdraw'],
    ] as const) {
      expect((await scene.call(method, `/v1/imports/999999${path}`)).body.code).toBe('IMPORT_NOT_FOUND');
      expect((await scene.api.call(method, `/v1/imports/1${path}`, { token })).status).toBe(403);
    }
  });
});

describe('abandoning', () => {
  it('is refused when the import is over', async () => {
    const done = await imported('kind=lines', salesCsv({ order_id: 'done' }));
    expect(await scene.call('POST', `/v1/imports/${done.importId}/abandon`)).toMatchObject({
      status: 409,
      body: { code: 'IMPORT_NOT_OPEN' },
    });
    const failed = await imported('kind=lines', 'x');
    expect((await scene.call('POST', `/v1/imports/${failed.importId}/abandon`)).body.code).toBe('IMPORT_NOT_OPEN');
  });
});

describe('a dry run', () => {
  it('reports the content of the file and imports nothing', async () => {
    const shown = await imported('kind=lines&dryRun=true', salesCsv({ order_id: 'dry' }));
    const sums = [{ currency: 'KRW', rows: 1, itemAmountMinor: 3000, shippingFeeMinor: 3000 }];
    const understood = { timeZone: 'Asia/Seoul', firstDate: '2026-03-05', lastDate: '2026-03-05', sellers: 1, sums };
    expect(shown).toMatchObject({ dryRun: true, feedImportId: null, status: 'COMPLETED', result: { understood } });
    expect([await files.count('sale_entry'), await files.count('feed_import')]).toEqual([0, 0]);
    const refused = await scene.call('POST', `/v1/imports/${shown.importId}/withdraw`);
    expect([refused.status, refused.body.code]).toEqual([409, 'IMPORT_NOT_COMPLETED']);
  });
});

describe('withdrawing', () => {
  it('takes a completed import back', async () => {
    const done = await imported('kind=lines', salesCsv({ order_id: 'back' }));
    const asked = await scene.call('POST', `/v1/imports/${done.importId}/withdraw`);
    expect([asked.status, asked.body.abandonRequested]).toEqual([202, true]);
    expect(await ended(`/v1/imports/${done.importId}`)).toMatchObject({ status: 'CANCELLED', error: null });
    expect([await files.count('sale_entry'), await files.statuses()]).toEqual([0, ['WITHDRAWN']]);
    const again = await scene.call('POST', `/v1/imports/${done.importId}/withdraw`);
    expect([again.status, again.body.code]).toEqual([409, 'IMPORT_NOT_COMPLETED']);
    expect(await scene.count(`SELECT COUNT(*) FROM audit_log WHERE action = 'import.withdraw'`)).toBe(1);
  });

  it('is refused at once, and changes nothing, when a refund rests on it or a date is closed', async () => {
    const sales = await imported('kind=lines', salesCsv({ order_id: 'rest' }));
    const refunds = await imported('kind=refunds', refundsCsv({ order_id: 'rest' }));
    const codeOf = async (importId: number) => (await scene.call('POST', `/v1/imports/${importId}/withdraw`)).body.code;
    expect(await codeOf(sales.importId)).toBe('IMPORT_HAS_DEPENDENTS');
    await change(files.database.db, `UPDATE settlement_calendar SET shut_through = '2026-03-06'`);
    expect(await codeOf(refunds.importId)).toBe('DATE_CLOSED');
    expect((await scene.call('GET', `/v1/imports/${sales.importId}`)).body).toMatchObject({ status: 'COMPLETED' });
    expect([await files.count('sale_entry'), await files.count('refund_entry')]).toEqual([1, 1]);
  });
});

describe('while no runner is free', () => {
  let gated: Operating;
  let own: ImportScene;
  beforeAll(async () => {
    own = await ImportScene.open();
    await leadElsewhere(own.database.db);
    gated = await Operating.create(own.database);
  });
  afterAll(async () => {
    own.folder.remove();
    await gated.end();
  });
  const send = (content: string) =>
    gated.api.call('POST', '/v1/imports?kind=lines', { token: gated.token, body: content, headers: csv });

  it('one that was left unfinished is withdrawn when it is abandoned', async () => {
    const asked = await send(manyLines());
    const address = `/v1/imports/${asked.body.importId}`;
    const runner = gated.startRunner({ MAGAM_FAULT: 'import.after-commit:kill' });
    await runner.ended;
    const left = await gated.call('GET', address);
    expect(left.body).toMatchObject({ status: 'RUNNING', unfinished: true, feedImportId: expect.any(Number) });
    expect((await gated.call('POST', `${address}/abandon`)).body).toMatchObject({
      status: 'RUNNING',
      abandonRequested: true,
    });
    await own.expireLeases();
    const second = gated.startRunner();
    await until(async () => (await gated.call('GET', address)).body.status === 'CANCELLED', 'withdrawn');
    expect(await gated.count(`SELECT COUNT(*) FROM sale_entry WHERE order_id LIKE 'O%'`)).toBe(0);
    expect((await gated.call('GET', address)).body).toMatchObject({ unfinished: false, error: null });
    second.send('SIGTERM');
    await second.ended;
  });

  it('one that was given up half written is withdrawn when it is abandoned', async () => {
    const asked = await send(salesCsv({ order_id: 'G1' }));
    const address = `/v1/imports/${asked.body.importId}`;
    const settings = { MAGAM_CLAIMS_MAX: '1' };
    await gated.startRunner({ ...settings, MAGAM_FAULT: 'import.after-commit:kill' }).ended;
    await own.expireLeases();
    const runner = gated.startRunner(settings);
    await until(async () => (await gated.call('GET', address)).body.status === 'FAILED', 'given up');
    expect((await gated.call('GET', address)).body).toMatchObject({
      error: { code: 'TASK_GIVEN_UP' },
      unfinished: true,
      feedImportId: expect.any(Number),
    });
    expect(await gated.count(`SELECT COUNT(*) FROM sale_entry WHERE order_id = 'G1'`)).toBe(1);
    expect((await gated.call('POST', `${address}/abandon`)).body).toMatchObject({ status: 'REQUESTED', error: null });
    await until(async () => (await gated.call('GET', address)).body.status === 'CANCELLED', 'withdrawn');
    expect(await gated.count(`SELECT COUNT(*) FROM sale_entry WHERE order_id = 'G1'`)).toBe(0);
    runner.send('SIGTERM');
    await runner.ended;
  });

  it('the same upload has the same address, and waits or is abandoned at once', async () => {
    const content = salesCsv({ order_id: 'W1' });
    const [first, second] = await Promise.all([send(content), send(content)]);
    expect(second.body.importId).toBe(first.body.importId);
    expect(await gated.count('SELECT COUNT(*) FROM stored_file')).toBe(1);
    expect((await send(salesCsv({ order_id: 'W2' }))).body.importId).not.toBe(first.body.importId);
    const abandoned = await gated.call('POST', `/v1/imports/${first.body.importId}/abandon`);
    expect(abandoned).toMatchObject({ status: 202, body: { status: 'CANCELLED', abandonRequested: true } });
    expect((await gated.call('POST', `/v1/imports/${first.body.importId}/abandon`)).status).toBe(202);
    const entries = `SELECT COUNT(*) FROM audit_log WHERE action = 'import.abandon' AND subject_id = '${first.body.importId}'`;
    expect(await gated.count(entries)).toBe(1);
    expect((await send(content)).body.importId).not.toBe(first.body.importId);
  });
});
