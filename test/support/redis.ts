/** A Redis of a test's own, that can be frozen, stopped and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { openSeal } from '../../infra/cache/seal.js';
import { openRedis, type RedisLink } from '../../infra/redis.js';
import { findRedisProgram } from '../../scripts/services/programs.mjs';

export interface TestRedis {
  readonly url: string;
  /** It answers nothing until it thaws; connections stay. */
  freeze(): void;
  thaw(): void;
  /** Ends it; what it held is gone. */
  stop(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>;
}

export async function startRedis(): Promise<TestRedis> {
  const program = findRedisProgram();
  if (program === undefined) throw new Error('there is neither redis-server nor valkey-server');
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(program.file, ['--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: 'pipe' });
    for await (const text of child.stdout ?? []) if (String(text).includes('Ready to accept connections')) break;
    child.stdout?.resume();
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    start,
    stop: async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** A link as the server of a database has it, once it is connected. */
export async function linkTo(redis: TestRedis, database = 'test'): Promise<RedisLink> {
  const link = openRedis(redis.url, 'test', () => undefined, openSeal('secret of the test', database));
  if (!link.isUp()) await once(link.client, 'ready');
  return link;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
