/** The worked example of docs/integrating.md: its receiver takes what a runner sends, and nothing else. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FEED_EVENT_TYPES } from '../../core/event-feed/rules/feed-events.js';
import type { Db } from '../../infra/database.js';
import { webhookSignature } from '../../infra/webhook-signature.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { makeAccount } from '../support/accounts.js';
import { type RunningApi, startApi } from '../support/api.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { PRIVATE, recordRuns, startWebhookLoop } from '../support/webhooks.js';

const page = readFileSync(new URL('../../docs/integrating.md', import.meta.url), 'utf8');
const source = /^```js\n(.*?)^```/ms.exec(page)?.[1] ?? '';

let database: TestDatabase;
let db: Db;
let api: RunningApi;
const folder = mkdtempSync(join(tmpdir(), 'magam-receiver-'));
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  api = await startApi(database.url, PRIVATE);
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
  rmSync(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts the receiver of the page. */
async function startReceiver(secret: string, port: number) {
  const file = join(folder, 'receiver.mjs');
  writeFileSync(file, source);
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const lines = createInterface(child.stdout);
  lines.on('line', (line) => {
    output += `${line}\n`;
  });
  await once(lines, 'line');
  return {
    output: () => output,
    stop: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('the page', () => {
  it('has a row for every type of event, and no other', () => {
    const rows = [...page.matchAll(/^\| `((?:run|import|certificate|settlement|statement|payout)\.[a-z]+)` \|/gm)].map(
      ([, type]) => type,
    );
    expect(rows).toEqual(FEED_EVENT_TYPES);
  });
});

describe('the receiver of the page', () => {
  it('takes what is ours and fresh, and refuses everything else', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const { token } = await makeAccount(db, 'operator');
    const made = await api.call('POST', '/v1/webhook-endpoints', { token, body: { url } });
    const { endpointId, secret } = made.body;
    const receiver = await startReceiver(secret, port);
    const endLoop = startWebhookLoop(db);
    try {
      await recordRuns(db, 7);
      const read = async () =>
        (await api.call('GET', `/v1/webhook-endpoints/${endpointId}/deliveries`, { token })).body.items[0];
      const delivery = await until(read, 'the delivery');
      expect(delivery).toMatchObject({ delivered: true, status: 204 });
      expect(receiver.output()).toContain("type: 'run.stopped'");
      const body = '{"id":1}';
      const now = Math.floor(Date.now() / 1_000);
      const send = async (signature: string): Promise<number> =>
        (await fetch(url, { method: 'POST', body, headers: { 'Magam-Signature': signature } })).status;
      expect(await send(webhookSignature([secret], now, body))).toBe(204);
      expect(await send(webhookSignature(['whsec_other', secret], now, body))).toBe(204);
      expect(await send(webhookSignature(['whsec_other'], now, body))).toBe(400);
      expect(await send(webhookSignature([secret], now - 301, body))).toBe(400);
      expect(await send(webhookSignature([secret], now, `${body} `))).toBe(400);
      expect(await send('t=x,v1=y')).toBe(400);
      expect((await fetch(url, { method: 'POST', body })).status).toBe(400);
    } finally {
      await endLoop();
      await receiver.stop();
    }
  });
});
