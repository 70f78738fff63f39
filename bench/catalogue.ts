/**
 * `npm run bench:catalogue`: what does the edge cost beside bare Express; is the cached product list nearly as fast as sending the same bytes from
 * memory; what does knowing who is signed in cost; and does a page of a hundred thousand products cost what one of a thousand does? docs/benchmarks.md says how to read the
 * result, which goes to standard output and to bench/results.
 */
import { parseArgs } from 'node:util';
import { readCategories } from '../core/catalogue/stores/category.js';
import { makeSampleCatalogue } from '../core/sample/sample-catalogue.js';
import { openDatabase, select } from '../infra/database.js';
import { measureAnswers } from './catalogue-answers.js';
import { comparePages, searches } from './catalogue-pages.js';
import { type CatalogueBench, writeCatalogueReport } from './catalogue-report.js';
import { databaseUrl, dropDatabase, makeDatabase } from './database.js';
import { describeMachine } from './markdown.js';
import { say } from './measure.js';
import { BenchServer } from './server.js';

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
      ...(await measureAnswers({ databaseUrl: urls.small, redisUrl, rounds, seconds, connections })),
      pages,
    },
    values.out,
  );
} finally {
  for (const url of Object.values(urls)) await dropDatabase(url);
  await server.close();
}
