/**
 * The HTTP server under test, in this process or in one of its own, and a client that holds every answer against the OpenAPI document:
 * a route, a status, a code or a body that the document does not have fails the test that met it.
 */
import { Writable } from 'node:stream';
import { apiSession, openLog, runApi } from '../../api/main.js';
import type { PaymentProviders } from '../../core/payments/payment-step.js';
import { readConfig } from '../../infra/config.js';
import { openDatabase } from '../../infra/database.js';
import { environment, type Magam, startMagam } from '../../scripts/chaos/magam.mjs';
import { answerCheck } from './once/answer-check.mjs';

const root = new URL('../../', import.meta.url);
const redisUrl = (): string => process.env.MAGAM_REDIS_URL ?? 'redis://127.0.0.1:6379/0';

export interface CallOptions {
  readonly token?: string | undefined;
  /** Sent as JSON; a string or bytes as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it is the test's business
  readonly body: any;
  readonly text: string;
}

export interface ApiClient {
  readonly url: string;
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<CallAnswer>;
}

export interface RunningApi extends ApiClient {
  /** Connections of its pool that are with somebody at this moment. */
  readonly connectionsInUse: () => number;
  /** What the server has logged so far, one JSON text per line. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

export interface ApiProcess extends ApiClient, Magam {
  readonly log: () => string;
  /** Sends SIGTERM and waits; the exit code. */
  readonly stop: () => Promise<number | null>;
}

/** Settings that a test wants unless it says otherwise: no limit in the way, no waiting at the end. */
export const settings = (databaseUrl: string, more: Readonly<Record<string, string>>): Record<string, string> => ({
  NODE_ENV: 'test',
  MAGAM_DATABASE_URL: databaseUrl,
  MAGAM_REDIS_URL: redisUrl(),
  MAGAM_PORT: '0',
  MAGAM_RATE_LIMIT: '1000000',
  MAGAM_DRAIN_MS: '0',
  ...more,
});

/** Starts the server within the test's process. */
export async function startApi(
  databaseUrl: string,
  more: Readonly<Record<string, string>> = {},
  providers: PaymentProviders = new Map(),
): Promise<RunningApi> {
  const config = readConfig(settings(databaseUrl, more));
  const db = openDatabase(databaseUrl, { poolMax: config.httpPool, ...apiSession });
  const stop = new AbortController();
  let lines = '';
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines += String(chunk);
      done();
    },
  });
  let ended: Promise<void> | undefined;
  const port = await new Promise<number>((resolve, reject) => {
    ended = runApi({
      config,
      db,
      redisUrl: config.redisUrl ?? redisUrl(),
      migrationsFolder: new URL('sql/', root),
      packageFile: new URL('package.json', root),
      log: openLog(config.logLevel, sink),
      signal: stop.signal,
      onListening: resolve,
      providers,
    });
    ended.catch(async (error: unknown) => {
      await db.destroy();
      reject(error);
    });
  });
  return {
    ...(await apiClient(`http://127.0.0.1:${port}`)),
    log: () => lines,
    connectionsInUse: () => db.client.pool.numUsed(),
    stop: async () => {
      stop.abort();
      await ended;
      await db.destroy();
    },
  };
}

/** Starts `magam api` as a process of its own (of the built program). */
export async function spawnApi(databaseUrl: string, more: Readonly<Record<string, string>> = {}): Promise<ApiProcess> {
  const server = startMagam(['api'], environment(databaseUrl, settings(databaseUrl, more)));
  const listening = /Listening on (\S+)/;
  await server.says(listening);
  return {
    ...server,
    ...(await apiClient(listening.exec(server.output.stderr)?.[1] ?? '')),
    log: () => server.output.stderr,
    stop: async () => {
      server.send('SIGTERM');
      return (await server.ended).code;
    },
  };
}

/** A client of the server at the address; its answers are held against the OpenAPI document. */
export async function apiClient(url: string): Promise<ApiClient> {
  const check = await answerCheck(url);
  return {
    url,
    call: async (method, path, { token, body, headers = {} } = {}) => {
      const raw = typeof body === 'string' || body instanceof Uint8Array;
      const response = await fetch(`${url}${path}`, {
        method,
        redirect: 'manual',
        headers: {
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...(body === undefined || raw ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
      });
      const text = await response.text();
      const type = response.headers.get('content-type') ?? '';
      const parsed: unknown = /json/.test(type) && text !== '' ? JSON.parse(text) : undefined;
      const answer = { status: response.status, headers: response.headers, body: parsed, text };
      check(method, path, type, answer);
      return answer;
    },
  };
}

export interface Document {
  readonly openapi: string;
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: {
    readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
    readonly schemas?: Readonly<Record<string, object>>;
  };
}

export interface Operation {
  readonly operationId: string;
  readonly tags?: readonly string[];
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly example?: unknown;
    readonly schema: { readonly example?: unknown; readonly enum?: readonly unknown[] };
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: unknown; readonly example?: unknown }>>;
  };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
        readonly headers?: Readonly<Record<string, unknown>>;
      }
    >
  >;
}
