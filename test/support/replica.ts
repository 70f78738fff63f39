/** Two private MariaDB servers, a primary and a replica that follows it, and an address at which the one that serves is found. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { startProxy } from '../../scripts/chaos/tcp-proxy.mjs';
import { startServices, stopServices } from '../../scripts/services.mjs';

interface Server {
  readonly folder: string;
  readonly url: string;
  readonly connection: Connection;
}

export class PrimaryAndReplica {
  private constructor(
    private readonly primary: Server,
    private readonly replica: Server,
    private readonly proxy: Awaited<ReturnType<typeof startProxy>>,
  ) {}

  static async start(): Promise<PrimaryAndReplica> {
    const [primary, replica] = await Promise.all([startServer(1), startServer(2)]);
    const { port, password } = new URL(primary.url);
    // The one address has one account.
    await replica.connection.query(`ALTER USER 'magam'@'127.0.0.1' IDENTIFIED BY '${password}'`);
    const [[position]] = (await primary.connection.query('SELECT @@gtid_current_pos AS gtid')) as unknown as [
      [{ gtid: string }],
    ];
    await replica.connection.query('SET GLOBAL gtid_slave_pos = ?', [position.gtid]);
    await replica.connection.query(
      `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = 'magam', MASTER_PASSWORD = '${password}',
         MASTER_USE_GTID = slave_pos`,
    );
    await replica.connection.query('START SLAVE');
    return new PrimaryAndReplica(primary, replica, await startProxy(primary.url, []));
  }

  /** Of the server that serves. */
  get url(): string {
    return this.proxy.url;
  }

  /** Waits until the replica has all that the primary has committed by now. */
  async catchUp(): Promise<void> {
    const [rows] = await this.primary.connection.query('SELECT @@gtid_current_pos AS gtid');
    const [{ gtid }] = rows as [{ gtid: string }];
    const [waited] = await this.replica.connection.query('SELECT MASTER_GTID_WAIT(?, 60) AS missed', [gtid]);
    if ((waited as [{ missed: number }])[0].missed !== 0) throw new Error('the replica does not follow');
  }

  /** What the primary commits from here on is lost with it. */
  async cutOff(): Promise<void> {
    await this.replica.connection.query('STOP SLAVE');
  }

  /** The primary dies; the replica serves, with what it has. */
  async failOver(): Promise<void> {
    const { database } = JSON.parse(readFileSync(join(this.primary.folder, 'services.json'), 'utf8'));
    process.kill(database.pid, 'SIGKILL');
    await this.replica.connection.query('RESET SLAVE ALL');
    this.proxy.pointTo(this.replica.url);
    this.proxy.cutAll();
  }

  /** The number that a statement gives on each of the two. */
  async compare(sql: string): Promise<{ primary: number; replica: number }> {
    const of = async ({ connection }: Server): Promise<number> => {
      const [rows] = await connection.query(sql);
      return Number(Object.values((rows as object[])[0] ?? {})[0]);
    };
    return { primary: await of(this.primary), replica: await of(this.replica) };
  }

  async end(): Promise<void> {
    await this.proxy.close();
    for (const { connection, folder } of [this.primary, this.replica]) {
      connection.destroy();
      await stopServices({ folder, deleteData: true, log: () => undefined });
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function startServer(id: number): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), `magam-replica-${id}-`));
  const { databaseUrl } = await startServices({
    folder,
    engine: 'mariadb',
    redisUrl: 'redis://127.0.0.1:1/0',
    databaseArgs: [`--server-id=${id}`, '--log-bin=binlog', '--binlog-format=ROW', '--log-slave-updates'],
    log: () => undefined,
  });
  const connection = await createConnection({ uri: databaseUrl });
  connection.on('error', () => undefined); // the server is killed
  return { folder, url: databaseUrl, connection };
}
