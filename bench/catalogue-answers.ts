/** Answers under load: the cached list and /healthz of `magam api`, beside bare Express and beside the same bytes from memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../infra/database.js';
import { type ApiUnderMeasurement, startServer } from './api-process.js';
import { Buyers } from './buyers.js';
import { type LoadResult, type LoadSample, load, resultOf } from './http-load.js';
import { say } from './measure.js';
import { measureSignInCheck, type SignInCheck } from './sign-in-check.js';

/** The targets of the load, in this order in every round: those that are compared follow each other. */
const TARGETS = ['bare', 'cached', 'memory', 'signedIn', 'bareHealth', 'health'] as const;
type Target = (typeof TARGETS)[number];

export interface Answers {
  readonly listBytes: number;
  /**
   * `cached`: the list; `signedIn`: the same with an access token; `memory`: its bytes from memory, through the product's own edge; `bare`: its
   * bytes from Express without any middleware; `health` and `bareHealth`: /healthz of the product and of bare Express.
   */
  readonly answers: Readonly<Record<Target, LoadResult>>;
  readonly signInCheck: SignInCheck;
}

export interface AnswersPlan {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
}

const WARM_SECONDS = 3;
const BYTES = '/bench/bytes';

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Loads all of them in turn; each server is a process of its own. */
export async function measureAnswers(plan: AnswersPlan): Promise<Answers> {
  const { databaseUrl, connections, rounds } = plan;
  const db = openDatabase(databaseUrl, { poolMax: 1 });
  const folder = mkdtempSync(join(tmpdir(), 'magam-bench-'));
  const servers: ApiUnderMeasurement[] = [];
  const start = async (...args: string[]): Promise<ApiUnderMeasurement> => {
    const server = await startServer(args, { MAGAM_DATABASE_URL: databaseUrl, MAGAM_REDIS_URL: plan.redisUrl });
    servers.push(server);
    return server;
  };
  try {
    const [{ token = '' } = {}] = await (await Buyers.make(db, 1)).signIn();
    const product = await start(program('../../bin/magam.mjs'), 'api');
    const bytes = await bytesOf(`${product.url}/v1/products`);
    const file = join(folder, 'list.json');
    writeFileSync(file, bytes);
    const rival = await start(program('catalogue-rival.js'), file);
    const bare = await start(program('bare-express.js'), file);
    for (const { url } of [rival, bare])
      if (!(await bytesOf(`${url}${BYTES}`)).equals(bytes)) throw new Error('the bytes differ');
    const answers = await inTurn(plan, {
      bare: [bare, BYTES],
      cached: [product, '/v1/products'],
      memory: [rival, BYTES],
      signedIn: [product, '/v1/products', { authorization: `Bearer ${token}` }],
      bareHealth: [bare, '/healthz'],
      health: [product, '/healthz'],
    });
    const signInCheck = await measureSignInCheck(databaseUrl, token, connections, rounds);
    return { listBytes: bytes.length, answers, signInCheck };
  } finally {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
    await db.destroy();
  }
}

const bytesOf = async (url: string): Promise<Buffer> => Buffer.from(await (await fetch(url)).arrayBuffer());

type Asked = readonly [server: ApiUnderMeasurement, path: string, headers?: Readonly<Record<string, string>>];

async function inTurn(
  { rounds, seconds, connections }: AnswersPlan,
  targets: Readonly<Record<Target, Asked>>,
): Promise<Answers['answers']> {
  const ask = (target: Target, forSeconds: number): Promise<LoadSample> => {
    const [server, path, headers] = targets[target];
    return load(server, path, connections, forSeconds, headers);
  };
  for (const target of TARGETS) await ask(target, WARM_SECONDS);
  const samples = Object.fromEntries(TARGETS.map((target) => [target, []])) as unknown as Record<Target, LoadSample[]>;
  for (let round = 1; round <= rounds; round += 1) {
    for (const target of TARGETS) {
      const sample = await ask(target, seconds);
      samples[target].push(sample);
      const rate = Math.round(sample.requestsPerSecond);
      say(`Round ${round}, ${target}: ${rate} requests/s, p99 ${sample.p99.toFixed(1)} ms`);
    }
  }
  return Object.fromEntries(TARGETS.map((target) => [target, resultOf(samples[target])])) as Answers['answers'];
}
