/** `npm run api` as a newcomer runs it, on the test's services. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from '@jest/globals';
import { openDatabase } from '../../infra/database.js';
import { SANDBOX_KEYS } from '../../sandbox/keys.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { freePort, givesProvider, sandboxSettings } from '../../scripts/sandbox.mjs';

const script = fileURLToPath(new URL('../../scripts/api.mjs', import.meta.url));
const database = `magam_sample_${randomBytes(5).toString('hex')}`;
let started: ChildProcess | undefined;

afterAll(async () => {
  if (started !== undefined && started.exitCode === null) {
    started.kill('SIGTERM');
    await once(started, 'exit');
  }
  const server = openDatabase(process.env.MAGAM_DATABASE_URL ?? '', { database: '', poolMax: 1 });
  await server.raw('DROP DATABASE IF EXISTS ??', [database]);
  await server.destroy();
});

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly stdout: () => string;
}

/** Starts it; resolves when the server listens. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, NODE_OPTIONS: '', MAGAM_PORT: '0', MAGAM_DRAIN_MS: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started = child;
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return new Promise((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      const url = /Listening on (\S+)/.exec(stderr)?.[1];
      if (url !== undefined) resolve({ child, url, stdout: () => stdout });
    });
    child.on('exit', (code) => reject(new Error(`exit ${code}: ${stderr}`)));
  });
}

it('makes sample data, prints a sign-in that works, has a runner, and ends both with 0', async () => {
  const { child, url, stdout } = await start(['--database', database]);
  const [, password] = /the password "([^"]+)"/.exec(stdout()) ?? [];
  const [, email] = /operator +(\S+)/.exec(stdout()) ?? [];
  const signIn = await fetch(`${url}/v1/sessions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  expect(signIn.status).toBe(201);
  const { accessToken } = (await signIn.json()) as { accessToken: string };
  const call = async (path: string, init: RequestInit = {}) => {
    const headers = { ...init.headers, Authorization: `Bearer ${accessToken}` };
    return (await fetch(`${url}${path}`, { ...init, headers })).json();
  };
  const get = async (path: string) =>
    (await call(path)) as { items: { status: string; runId: number; date: string }[] };
  expect((await get('/v1/products?limit=200')).items).toHaveLength(200);
  expect((await get('/v1/runs')).items.at(-1)?.status).toBe('COMPLETED');

  // The README's own CSV can be uploaded and settled.
  const [, csv = ''] =
    /^```csv\n(.*?)^```$/ms.exec(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')) ?? [];
  const date = /,(\d{4}-\d{2}-\d{2})$/m.exec(csv)?.[1];
  const csvHeaders = { 'Content-Type': 'text/csv', 'Idempotency-Key': 'readme' };
  const upload = { method: 'POST', headers: csvHeaders, body: csv };
  const { importId } = (await call('/v1/imports?kind=lines&fileName=readme.csv', upload)) as { importId: number };
  const ended = await until(async () => {
    const found = (await call(`/v1/imports/${importId}`)) as { status: string; endedAt: string | null };
    return found.endedAt === null ? undefined : found;
  }, 'the import has ended');
  expect(ended).toMatchObject({ status: 'COMPLETED', result: { imported: 3, rejected: 0 } });
  const asked = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ date }) };
  expect(await call('/v1/runs', asked)).toMatchObject({ date });
  const settled = async () =>
    (await get('/v1/runs?limit=200')).items.some((run) => run.date === date && /^COMPLETED/.test(run.status));
  await until(settled, `${date} is settled`);

  await payAtSandbox(url, stdout(), password ?? '');

  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  expect((await exit)[0]).toBe(0);
});

/** A buyer pays at the sandbox without coming back: the server is told by a webhook, and the runner sends a mail. */
async function payAtSandbox(url: string, stdout: string, password: string) {
  const sandbox = /sandbox: (\S+)/.exec(stdout)?.[1] ?? '';
  let token = '';
  const call = async (address: string, body?: unknown) => {
    const headers = {
      'Content-Type': 'application/json',
      ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
    };
    const asked = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return (await fetch(address, { ...asked, headers })).json() as Promise<Record<string, unknown>>;
  };
  token = String((await call(`${url}/v1/sessions`, { email: 'buyer2@magam.example', password })).accessToken);
  const receiver = { name: '김철수', phone: '010-1234-5678', postalCode: '04524', address: '서울' };
  const { checkoutId } = await call(`${url}/v1/checkouts`, { items: [{ unitId: 3, quantity: 1 }], receiver });
  const urls = { successUrl: 'https://shop.example/paid', failUrl: 'https://shop.example/failed' };
  const opened = await call(`${url}/v1/checkouts/${checkoutId}/payments`, { provider: 'PORTONE', ...urls });
  const { paymentId, reference, amountMinor: amount } = opened;
  await call(`${sandbox}/sandbox/payments`, { provider: 'PORTONE', reference, amount, decision: 'approve' });
  const paid = async () => (await call(`${url}/v1/payments/${paymentId}`)).status === 'DONE';
  await until(paid, 'the payment is done');
  const mailed = async () =>
    JSON.stringify(await call(`${sandbox}/sandbox/mails`)).includes(`for checkout ${checkoutId}.`);
  await until(mailed, 'the buyer has a mail');
}

it('has the keys of the sandbox, unless a provider is set up', async () => {
  const settings = sandboxSettings({ port: 1, mailPort: 2 });
  for (const [name, keys] of Object.entries(SANDBOX_KEYS))
    for (const [key, value] of Object.entries(keys))
      expect(settings).toHaveProperty(`MAGAM_${name}_${key}`.replace(/[a-z](?=[A-Z])/g, '$&_').toUpperCase(), value);
  expect(givesProvider({ MAGAM_TOSS_URL: 'https://api.tosspayments.com', MAGAM_TOSS_SECRET_KEY: '' })).toBe(false);
  expect(givesProvider({ MAGAM_KAKAOPAY_CID: 'ours' })).toBe(true);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  expect(await freePort(port)).not.toBe(port);
  taken.close();
});

it('is refused in production', async () => {
  await expect(start([], { NODE_ENV: 'production' })).rejects.toThrow(/exit 1: npm run api makes sample data/);
});

it.each([[['--database', 'magam']], [['--port', '1']], [['now']]])('%j is refused with exit code 2', async (args) => {
  await expect(start(args)).rejects.toThrow(/exit 2: Usage:/);
});
