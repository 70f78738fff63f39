/** The database servers of the chaos tests: a private one for each lane, which may be killed, frozen and made read-only, or the given one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { isDatabaseProcess } from '../services/database.mjs';
import { openHome, readState, socketPath } from '../services/home.mjs';
import { startServices, stopServices } from '../services.mjs';
import { REDIS_AWAY } from './magam.mjs';
import { startProxy } from './tcp-proxy.mjs';

/**
 * @typedef {object} Server
 * @property {string} url of an account that may do everything
 * @property {boolean} own whether it may be killed
 * @property {(database: string) => string} urlOf for the account of commands; a read-only server refuses its writes
 * @property {() => Promise<void>} start
 * @property {() => Promise<void>} kill
 * @property {() => Promise<void>} restart
 * @property {(signal: NodeJS.Signals) => void} send
 * @property {(work: (admin: import('mysql2/promise').Connection) => Promise<void>) => Promise<void>} asAdmin
 * @property {() => Promise<void>} end stops it and removes its data, if it is ours
 */

/**
 * The site of a round: a database, and the connection to it.
 * @typedef {object} Site
 * @property {string} database its name
 * @property {string} url for commands: through the wire
 * @property {Server} server
 * @property {Awaited<ReturnType<typeof startProxy>>} wire
 * @property {(lossMs: number) => Promise<void>} failOver
 */

/** Servers of chaos are many and their data small. */
const SMALL_SERVER = ['--innodb-log-file-size=96M', '--innodb-buffer-pool-size=128M'];
const TELLER = 'teller';

/** @param {string} serverUrl @param {string} database @param {string} [user] */
function urlWith(serverUrl, database, user) {
  const url = new URL(serverUrl);
  if (user !== undefined) [url.username, url.password] = [user, user];
  url.pathname = `/${database}`;
  return url.href;
}

/**
 * Makes the account of commands, which lacks the privilege to write to a read-only server.
 * @param {(work: (admin: import('mysql2/promise').Connection) => Promise<void>) => Promise<void>} asAdmin
 */
const makeTeller = (asAdmin) =>
  asAdmin(async (admin) => {
    await admin.query(`CREATE USER IF NOT EXISTS ${TELLER}@'127.0.0.1' IDENTIFIED BY '${TELLER}'`);
    await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON *.* TO ${TELLER}@'127.0.0.1'`);
  });

/**
 * Runs work on a separate connection, which may die of another upheaval of the server; then its locks are released, too.
 * @param {import('mysql2/promise').ConnectionOptions} options
 * @param {(admin: import('mysql2/promise').Connection) => Promise<void>} work
 */
async function withConnection(options, work) {
  const admin = await createConnection(options);
  admin.on('error', () => undefined);
  try {
    await work(admin);
  } finally {
    admin.destroy();
  }
}

/**
 * Starts a server in a folder, from which `end` removes it with its data.
 * @param {string} folder
 * @param {readonly string[]} [databaseArgs]
 * @returns {Promise<Server>}
 */
export async function startServer(folder, databaseArgs = []) {
  const wanted = {
    folder,
    engine: /** @type {const} */ ('mariadb'),
    databaseArgs: [...SMALL_SERVER, ...databaseArgs],
    redisUrl: REDIS_AWAY,
    log: () => undefined,
  };
  const { databaseUrl } = await startServices(wanted);
  const pid = () => Number(JSON.parse(readFileSync(join(folder, 'services.json'), 'utf8')).database.pid);
  const start = async () => void (await startServices(wanted));
  const home = openHome(folder);
  const kill = async () => {
    const killed = pid();
    process.kill(killed, 'SIGKILL');
    while (isDatabaseProcess(home, killed)) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  /** @type {Server['asAdmin']} */
  const asAdmin = (work) =>
    withConnection(
      { socketPath: socketPath(home), user: 'root', password: readState(home).database?.rootPassword ?? '' },
      work,
    );
  await makeTeller(asAdmin);
  return {
    url: databaseUrl,
    own: true,
    urlOf: (database) => urlWith(databaseUrl, database, TELLER),
    start,
    kill,
    restart: async () => {
      await kill();
      await start();
    },
    send: (signal) => void process.kill(pid(), signal),
    asAdmin,
    end: () => stopServices({ folder, deleteData: true, log: () => undefined }),
  };
}

/**
 * The server that MAGAM_DATABASE_URL names: neither restarted nor ended.
 * @param {string} url
 * @returns {Server}
 */
export function givenServer(url) {
  const notOurs = async () => {
    throw new Error('this server is not ours');
  };
  return {
    url,
    own: false,
    urlOf: (database) => urlWith(url, database),
    start: notOurs,
    kill: notOurs,
    restart: notOurs,
    send: () => void notOurs(),
    asAdmin: (work) => withConnection({ uri: url }, work),
    end: async () => undefined,
  };
}

/**
 * The way to a database of one server.
 * @param {Server} server
 * @param {string} database
 * @returns {Promise<Site>}
 */
export async function openSite(server, database) {
  const wire = await startProxy(server.urlOf(database), []);
  const failOver = async () => {
    throw new Error('this server has no replica');
  };
  return { database, server, wire, url: wire.url, failOver };
}
