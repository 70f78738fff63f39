/** Two private MariaDB servers, a primary and a replica that follows it, and one address that leads to the serving one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { startServer } from './servers.mjs';
import { startProxy } from './tcp-proxy.mjs';

/** @typedef {{ folder: string, server: import('./servers.mjs').Server, connection: import('mysql2/promise').Connection }} Member */

/**
 * @param {number} id
 * @returns {Promise<Member>}
 */
async function startMember(id) {
  const folder = mkdtempSync(join(tmpdir(), `magam-replica-${id}-`));
  const server = await startServer(folder, [
    `--server-id=${id}`,
    '--log-bin=binlog',
    '--binlog-format=ROW',
    '--log-slave-updates',
  ]);
  const connection = await createConnection({ uri: server.url });
  connection.on('error', () => undefined); // the server is killed
  return { folder, server, connection };
}

export class PrimaryAndReplica {
  /**
   * @param {Member} primary
   * @param {Member} replica
   * @param {Awaited<ReturnType<typeof startProxy>>} proxy
   */
  constructor(primary, replica, proxy) {
    this.primary = primary;
    this.replica = replica;
    this.proxy = proxy;
    this.failedOver = false;
  }

  static async start() {
    const [primary, replica] = await Promise.all([startMember(1), startMember(2)]);
    const { port, password } = new URL(primary.server.url);
    // The one address has one account.
    await replica.connection.query(`ALTER USER 'magam'@'127.0.0.1' IDENTIFIED BY '${password}'`);
    const gtid = await gtidOf(primary);
    await replica.connection.query('SET GLOBAL gtid_slave_pos = ?', [gtid]);
    await replica.connection.query(
      `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = 'magam', MASTER_PASSWORD = '${password}',
         MASTER_USE_GTID = slave_pos`,
    );
    await replica.connection.query('START SLAVE');
    return new PrimaryAndReplica(primary, replica, await startProxy(primary.server.url, []));
  }

  /** For the serving server. */
  get url() {
    return this.proxy.url;
  }

  /** For the serving server, without the proxy. */
  get directUrl() {
    const url = new URL(this.primary.server.url);
    if (this.failedOver) url.port = new URL(this.replica.server.url).port;
    return url.href;
  }

  /** Waits until the replica has all current commits of the primary. */
  async catchUp() {
    const [waited] = await this.replica.connection.query('SELECT MASTER_GTID_WAIT(?, 60) AS missed', [
      await gtidOf(this.primary),
    ]);
    if (/** @type {{ missed: number }[]} */ (waited)[0]?.missed !== 0) throw new Error('the replica does not follow');
  }

  /** Later commits of the primary are lost with it. */
  async cutOff() {
    await this.replica.connection.query('STOP SLAVE');
  }

  /** The primary dies, and the replica serves with the data that it has. */
  async failOver() {
    this.failedOver = true;
    await this.primary.server.kill();
    await this.replica.connection.query('RESET SLAVE ALL');
    this.proxy.pointTo(this.replica.server.url);
    this.proxy.cutAll();
  }

  /**
   * The number that a statement returns on each of the two.
   * @param {string} sql
   */
  async compare(sql) {
    /** @param {Member} member */
    const of = async ({ connection }) => {
      const [rows] = await connection.query(sql);
      return Number(Object.values(/** @type {object[]} */ (rows)[0] ?? {})[0]);
    };
    return { primary: await of(this.primary), replica: await of(this.replica) };
  }

  /**
   * The way to a database for a round of chaos.
   * @param {string} database
   * @returns {import('./servers.mjs').Site}
   */
  site(database) {
    const pair = this;
    const url = new URL(this.primary.server.urlOf(database));
    url.port = new URL(this.url).port;
    return {
      database,
      url: url.href,
      wire: this.proxy,
      get server() {
        return pair.failedOver ? pair.replica.server : pair.primary.server;
      },
      failOver: async (lossMs) => {
        await pair.cutOff();
        await new Promise((resolve) => setTimeout(resolve, lossMs));
        await pair.failOver();
      },
    };
  }

  async end() {
    await this.proxy.close();
    for (const { connection, server, folder } of [this.primary, this.replica]) {
      connection.destroy();
      await server.end();
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** @param {Member} member */
async function gtidOf({ connection }) {
  const [rows] = await connection.query('SELECT @@gtid_current_pos AS gtid');
  return /** @type {{ gtid: string }[]} */ (rows)[0]?.gtid ?? '';
}
