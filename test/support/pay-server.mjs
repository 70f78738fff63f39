/** An HTTP server that has the payment provider of the tests, in a process of its own: `node pay-server.mjs BANK_URL`; the settings are in the environment. */
import { testProvider } from './test-provider.mjs';

const root = new URL('../../', import.meta.url);
const from = (/** @type {string} */ path) => import(new URL(`dist/${path}`, root).href);
/** @type {typeof import('../../api/main.js')} */
const { apiSession, openLog, runApi } = await from('api/main.js');
/** @type {typeof import('../../infra/config.js')} */
const { readConfig } = await from('infra/config.js');
/** @type {typeof import('../../infra/log-output.js')} */
const { inBackground } = await from('infra/log-output.js');
/** @type {typeof import('../../infra/database.js')} */
const { openDatabase } = await from('infra/database.js');

const [bankUrl = ''] = process.argv.slice(2);
const config = readConfig();
const databaseUrl = config.databaseUrl ?? '';
await runApi({
  config,
  db: openDatabase(databaseUrl, { poolMax: config.httpPool, ...apiSession }),
  redisUrl: config.redisUrl ?? '',
  migrationsFolder: new URL('sql/', root),
  packageFile: new URL('package.json', root),
  log: openLog('warn', inBackground(process.stderr.fd)),
  signal: new AbortController().signal,
  onListening: (port) => process.stdout.write(`Listening on http://127.0.0.1:${port}\n`),
  providers: new Map([['TEST', testProvider(bankUrl)]]),
});
