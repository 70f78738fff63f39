/** A Redis of a test's own, that can be frozen, stopped and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSeal } from '../../infra/cache/seal.js';
import { openRedis, type RedisLink } from '../../infra/redis.js';
import { choosePort } from '../../scripts/services/ports.mjs';
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
  const port = await choosePort(undefined);
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn(program.file, ['--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: 'pipe' });
    let ready = false;
    for await (const text of child.stdout ?? []) {
      ready = String(text).includes('Ready to accept connections');
      if (ready) break;
    }
    if (!ready) throw new Error(`Redis did not start on port ${port}`);
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
