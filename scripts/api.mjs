#!/usr/bin/env node
/**
 * `npm run api`: from a clean clone to an HTTP server with sample data, a batch runner and the sandbox of the payment providers.
 *
 *   npm run api -- [--database NAME]
 *
 * Works in a database of its own, by default `magam_sample`, on the server that MAGAM_DATABASE_URL names or on the private one of this checkout; it is kept
 * from one start to the next. The sign-ins go to standard output, logs and everything else to standard error. Where settings of a payment provider are
 * given, it starts no sandbox. Ends all processes at SIGINT or SIGTERM; exit code 0 then, 1 when the server could not run, 2 when it is configured wrongly.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CommandFailed, magamCommand } from './demo/command.mjs';
import { bringBackCharges, freePort, givesProvider, sandboxSettings } from './sandbox.mjs';
import { root, run, ScriptError, say } from './script.mjs';
import { startServices } from './services.mjs';
import { ensureBuilt } from './setup.mjs';

const SELLERS = 20;
const PRODUCTS = 1_000;
const LINES = 2_000;

/**
 * Makes the sample data that is missing, and settled days for its sellers to look at.
 * @param {ReturnType<typeof magamCommand>} magam
 */
async function makeSample(magam) {
  await magam('migrate');
  say('Sample data …');
  const sample = await magam('sample', '--sellers', `${SELLERS}`, '--products', `${PRODUCTS}`);
  const { document } = await magam('runs');
  if (document.runs.length === 0) {
    // All sample days are before the day of the README's CSV, which can still be imported and settled.
    const [date, last] = ['2026-02-16', '2026-02-23'];
    await magam('seed', '--lines', `${LINES}`, '--sellers', `${SELLERS}`, '--date', date);
    await magam('settle', '--from', date, '--to', last, '--allow-empty');
  }
  return sample.document;
}

/** @param {{ password: string, signIns: { role: string, email: string, displayName: string }[] }} sample */
function printSignIns({ password, signIns }) {
  const shown = signIns
    .slice(0, 5)
    .map(({ role, email, displayName }) => `  ${role.padEnd(9)}${email}  (${displayName})`);
  process.stdout.write(`Sign in with the password "${password}" as\n${shown.join('\n')}\n`);
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
const start = (args, env, stderr = /** @type {'inherit' | 'pipe'} */ ('inherit')) =>
  spawn(process.execPath, [join(root, 'bin/magam.mjs'), ...args], {
    detached: true, // a Ctrl-C of the terminal reaches them once, through us; a second signal would end them at once
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', stderr],
  });

/** @param {string[]} args */
function readDatabase(args) {
  try {
    const { values } = parseArgs({ args, options: { database: { type: 'string', default: 'magam_sample' } } });
    // The prefix keeps sample data out of other databases.
    if (/^magam_sample[a-z0-9_]{0,50}$/.test(values.database)) return values.database;
  } catch {
    // not an option of ours
  }
  throw new UsageError(
    'Usage: npm run api -- [--database NAME]\n  --database  a name that begins with magam_sample, of a-z, 0-9 and _ (default magam_sample)',
  );
}

/** Wrong usage: exit code 2. */
class UsageError extends Error {}

/** @param {string} database */
async function main(database) {
  const { MAGAM_DATABASE_URL, MAGAM_REDIS_URL, NODE_ENV } = process.env;
  if (NODE_ENV === 'production')
    throw new ScriptError('npm run api makes sample data; in production start `magam api` and `magam runner`.');
  await ensureBuilt();
  const services = await startServices({ databaseUrl: MAGAM_DATABASE_URL, redisUrl: MAGAM_REDIS_URL });
  const url = new URL(services.databaseUrl);
  url.pathname = `/${database}`;
  const addresses = { databaseUrl: url.href, redisUrl: services.redisUrl };
  printSignIns(await makeSample(magamCommand(addresses)));
  const env = { ...process.env, MAGAM_DATABASE_URL: url.href, MAGAM_REDIS_URL: services.redisUrl };
  /** @type {{ child: import('node:child_process').ChildProcess, ended: Promise<unknown> }[]} */
  const running = [];
  /** @param {import('node:child_process').ChildProcess} child */
  const watch = (child) => running.push({ child, ended: once(child, 'exit') });
  let stopping = false;
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    if (stopping) return; // a second signal would end them at once
    stopping = true;
    for (const { child } of running) child.kill(signal);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    if (!givesProvider(env)) {
      const { args, sandboxUrl } = await useSandbox(env);
      const sandbox = start(args, env, 'pipe');
      watch(sandbox);
      await sandboxReady(sandbox, sandboxUrl, url.href);
    }
    if (!stopping) for (const command of ['runner', 'api']) watch(start([command], env));
    await Promise.race(running.map(({ ended }) => ended));
  } finally {
    stop('SIGTERM'); // when one ends, the others end too
    await Promise.all(running.map(({ ended }) => ended));
  }
  return Math.max(...running.map(({ child }) => child.exitCode ?? 1));
}

/**
 * Makes the server and the runner use a sandbox.
 * @param {NodeJS.ProcessEnv} env settings are added to it
 */
async function useSandbox(env) {
  const [port, mailPort] = [await freePort(9_200), await freePort(9_225)];
  if (env.MAGAM_PORT === '0') env.MAGAM_PORT = `${await freePort(0)}`; // webhooks need its address
  for (const [name, value] of Object.entries(sandboxSettings({ port, mailPort }))) env[name] = value;
  const { MAGAM_HOST: host = '', MAGAM_PORT: apiPort = '' } = env;
  const webhooks = `http://${/^[\w.]+$/.test(host) && host !== '0.0.0.0' ? host : '127.0.0.1'}:${apiPort || 8_080}`;
  return {
    args: ['sandbox', '--port', `${port}`, '--mail-port', `${mailPort}`, '--webhooks', webhooks],
    sandboxUrl: `http://127.0.0.1:${port}`,
  };
}

/**
 * Waits until it listens, and tells it the earlier charges, because its book ends with its process.
 * @param {import('node:child_process').ChildProcess} sandbox
 * @param {string} sandboxUrl
 * @param {string} databaseUrl
 */
async function sandboxReady(sandbox, sandboxUrl, databaseUrl) {
  sandbox.stderr?.pipe(process.stderr);
  await Promise.race([sandbox.stderr && once(sandbox.stderr, 'data'), once(sandbox, 'exit')]); // its first line tells that it listens, or why it cannot
  if (sandbox.exitCode === null) await bringBackCharges(sandboxUrl, databaseUrl);
  process.stdout.write(`Payments, mail and Slack are a sandbox: ${sandboxUrl} (docs/payments.md, "Trying it")\n`);
}

await run(async () => {
  try {
    return await main(readDatabase(process.argv.slice(2)));
  } catch (error) {
    if (!(error instanceof CommandFailed || error instanceof UsageError)) throw error;
    say(error.message);
    return error instanceof UsageError ? 2 : error.exitCode;
  }
});
