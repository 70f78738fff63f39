/**
 * `npm run bench:catalogue`: is the cached product list nearly as fast as sending the same bytes from memory; what does knowing who is
 * signed in cost; and does a page of a hundred thousand products cost what one of a thousand does? docs/benchmarks.md says how to read the
 * result, which goes to standard output and to bench/results.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { accessTokens } from '../core/accounts/access-token.js';
import { insertAccount } from '../core/accounts/stores/account.js';
import { insertSession } from '../core/accounts/stores/account-session.js';
import { readCategories } from '../core/catalogue/stores/category.js';
import { makeSampleCatalogue } from '../core/sample/sample-catalogue.js';
import { readConfig } from '../infra/config.js';
import { type Db, inTransaction, openDatabase, select } from '../infra/database.js';
import { isRefusal } from '../kernel/errors.js';
import { type ApiUnderMeasurement, startServer } from './api-process.js';
import { comparePages, searches } from './catalogue-pages.js';
import { type CatalogueBench, writeCatalogueReport } from './catalogue-report.js';
import { databaseUrl, dropDatabase, makeDatabase } from './database.js';
import { type LoadSample, load, resultOf } from './http-load.js';
import { describeMachine } from './markdown.js';
import { say } from './measure.js';
import { BenchServer } from './server.js';
import { measureSignInCheck } from './sign-in-check.js';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    small: { type: 'string', default: '1000' },
    large: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '32' },
    out: { type: 'string', default: 'bench/results' },
  },
});

function positive(name: 'small' | 'large' | 'rounds' | 'seconds' | 'connections'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a positive whole number, not ${values[name]}`);
}

const [small, large, rounds] = [positive('small'), positive('large'), positive('rounds')];
const [seconds, connections] = [positive('seconds'), positive('connections')];
if (values.url === undefined) throw new Error('--url is missing; npm run bench:catalogue gives it');
const urls = {
  small: databaseUrl(values.url, 'magam_bench_catalogue'),
  large: databaseUrl(values.url, 'magam_bench_catalogue_large'),
};
const redisUrl = process.env.MAGAM_REDIS_URL ?? 'redis://127.0.0.1:6379/0';
const SELLERS = 500;
const WARM_SECONDS = 3;

/** The token of a buyer who is signed in. */
async function signIn(db: Db): Promise<string> {
  const account = { email: 'bench@example.com', passwordHash: 'none', displayName: 'bench', role: 'buyer' as const };
  const accountId = await insertAccount(db, account);
  if (isRefusal(accountId)) throw new Error(accountId.refused);
  const sessionId = await inTransaction(db, (tx) => insertSession(tx, accountId, { userAgent: 'bench', ip: '::1' }));
  return accessTokens(readConfig().tokenKey).sign({ accountId, sessionId });
}

/** The pages of both catalogues. */
async function measurePages(): Promise<CatalogueBench['pages']> {
  const [smallDb, largeDb] = [openDatabase(urls.small, { poolMax: 2 }), openDatabase(urls.large, { poolMax: 2 })];
  try {
    await makeSampleCatalogue(smallDb, { products: small, sellers: SELLERS });
    say(`Making ${large} products …`);
    await makeSampleCatalogue(largeDb, { products: large, sellers: SELLERS });
    for (const db of [smallDb, largeDb])
      for (const table of ['product', 'product_term']) await select(db, `ANALYZE TABLE ${table}`);
    const pages = [];
    const root = (await readCategories(smallDb)).find(({ name }) => name === '패션')?.categoryId ?? 0;
    const largeRoot = (await readCategories(largeDb)).find(({ name }) => name === '패션')?.categoryId ?? 0;
    for (const [i, [name, search]] of searches(root).entries()) {
      const inLarge = searches(largeRoot)[i]?.[1] ?? search;
      say(`Pages: ${name} …`);
      pages.push(await comparePages(name, { db: smallDb, search }, { db: largeDb, search: inLarge }));
    }
    return pages;
  } finally {
    await Promise.all([smallDb.destroy(), largeDb.destroy()]);
  }
}

/** The cached list, the rival and the list asked for by somebody who is signed in, in turn. */
async function measureLists(): Promise<Pick<CatalogueBench, 'lists' | 'listBytes' | 'signInCheck'>> {
  const db = openDatabase(urls.small, { poolMax: 1 });
  const folder = mkdtempSync(join(tmpdir(), 'magam-bench-'));
  const servers: ApiUnderMeasurement[] = [];
  try {
    const token = await signIn(db);
    const environment = { MAGAM_DATABASE_URL: urls.small, MAGAM_REDIS_URL: redisUrl };
    const product = await startServer(
      [fileURLToPath(new URL('../../bin/magam.mjs', import.meta.url)), 'api'],
      environment,
    );
    servers.push(product);
    const list = `${product.url}/v1/products`;
    const bytes = Buffer.from(await (await fetch(list)).arrayBuffer());
    const file = join(folder, 'list.json');
    writeFileSync(file, bytes);
    const rivalFile = fileURLToPath(new URL('catalogue-rival.js', import.meta.url));
    const rival = await startServer([rivalFile, file], environment);
    servers.push(rival);
    const same = `${rival.url}/bench/bytes`;
    if (!Buffer.from(await (await fetch(same)).arrayBuffer()).equals(bytes)) throw new Error('the bytes differ');
    const targets = {
      cached: () => load(list, connections, seconds),
      memory: () => load(same, connections, seconds),
      signedIn: () => load(list, connections, seconds, { authorization: `Bearer ${token}` }),
    };
    for (const url of [list, same]) await load(url, connections, WARM_SECONDS);
    const samples: Record<keyof typeof targets, LoadSample[]> = { cached: [], memory: [], signedIn: [] };
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of ['cached', 'memory', 'signedIn'] as const) {
        const sample = await targets[name]();
        samples[name].push(sample);
        say(
          `Round ${round}, ${name}: ${Math.round(sample.requestsPerSecond)} requests/s, p99 ${sample.p99.toFixed(1)} ms`,
        );
      }
    }
    return {
      lists: {
        cached: resultOf(samples.cached),
        memory: resultOf(samples.memory),
        signedIn: resultOf(samples.signedIn),
      },
      listBytes: bytes.length,
      signInCheck: await measureSignInCheck(urls.small, token, connections, rounds),
    };
  } finally {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
    await db.destroy();
  }
}

const server = await BenchServer.open(values.url);
try {
  for (const url of Object.values(urls)) await makeDatabase(url);
  const pages = await measurePages();
  await writeCatalogueReport(
    {
      measuredAt: new Date().toISOString(),
      machine: describeMachine(),
      server: server.description,
      parameters: { small, large, rounds, seconds, connections },
      ...(await measureLists()),
      pages,
    },
    values.out,
  );
} finally {
  for (const url of Object.values(urls)) await dropDatabase(url);
  await server.close();
}
