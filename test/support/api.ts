/**
 * The HTTP server under test, in this process or in one of its own, and a client that holds every answer against the OpenAPI document:
 * a route, a status, a code or a body that the document does not have fails the test that met it.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { apiSession, openLog, runApi } from '../../api/main.js';
import type { PaymentProviders } from '../../core/payments/payment-step.js';
import { readConfig } from '../../infra/config.js';
import { openDatabase } from '../../infra/database.js';
import { environment, type Magam, startMagam } from '../../scripts/chaos/magam.mjs';

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

/** Made once in a test file: all servers are the same program. */
let answerCheck: Promise<AnswerCheck> | undefined;

/**
 * The document that the run's first server gives out. A server takes half a second to make it, so it is kept for the other test files in the folder
 * of the run, where there is one.
 */
async function readDocument(url: string): Promise<Document> {
  const folder = process.env.MAGAM_TEST_FOLDER;
  const file = folder === undefined ? undefined : join(folder, 'openapi.json');
  if (file !== undefined && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Document;
  const document = await (await fetch(`${url}/openapi.json`)).text();
  if (file !== undefined) {
    // Several test files may come here at once: what is read is always whole.
    const own = `${file}.${process.pid}`;
    writeFileSync(own, document);
    renameSync(own, file);
  }
  return JSON.parse(document) as Document;
}

/** A client of the server at the address; its answers are held against the OpenAPI document. */
export async function apiClient(url: string): Promise<ApiClient> {
  answerCheck ??= readDocument(url).then(answerChecker);
  const check = await answerCheck;
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

type AnswerCheck = (method: string, path: string, type: string, answer: CallAnswer) => void;

/** Throws when an answer is not one that the document describes. */
function answerChecker(document: Document): AnswerCheck {
  // Each schema is used a few times, so optimizing its validator would cost more than it saves.
  const ajv = new Ajv2020({ strict: false, allErrors: true, code: { optimize: false } });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'magam', components: document.components });
  const compiled = new Map<string, ReturnType<typeof ajv.compile>>();
  const patterns = Object.keys(document.paths).map((pattern) => ({ pattern, wanted: pattern.split('/') }));
  return (method, path, type, answer) => {
    const found = findOperation(document, patterns, method, path);
    const where = `${method} ${path} answered ${answer.status}`;
    if (found === undefined) {
      if (answer.status === 404 || answer.status === 405 || answer.status === 400) return; // no such route: nothing can be documented
      throw new Error(`${where}, but the OpenAPI document has no such call`);
    }
    if (method === 'OPTIONS' && answer.status === 204) return;
    const response = found.operation.responses[String(answer.status)];
    if (response === undefined) throw new Error(`${where}, which the OpenAPI document does not list: ${answer.text}`);
    if (JARGON.test(String(answer.body?.detail ?? '')))
      throw new Error(`${where} in words of the library: ${answer.text}`);
    checkHeaders(answer.headers, response.headers ?? {}, document.components?.headers ?? {}, where);
    const content = Object.entries(response.content ?? {});
    if (content.length === 0) {
      if (answer.text !== '') throw new Error(`${where} with a body, where the OpenAPI document has none`);
      return;
    }
    const media = content.find(([name]) => type.startsWith(name));
    if (media === undefined) throw new Error(`${where} as ${type}, which the OpenAPI document does not list`);
    if (answer.body === undefined) return;
    const key = `${found.path} ${method} ${answer.status} ${media[0]}`;
    const validator = compiled.get(key) ?? ajv.compile(absolute(media[1].schema));
    compiled.set(key, validator);
    if (validator(answer.body)) return;
    throw new Error(`${where} outside its schema: ${ajv.errorsText(validator.errors)}\n${answer.text.slice(0, 2_000)}`);
  };
}

/** What the library that checks schemas says where nobody has found words for it. */
const JARGON = /Invalid input|Invalid (string|option|key)|Too (small|big)|Unrecognized key|expected \w+, received/;

/** Of the header fields that the document knows, an answer has those that it lists there, and no other. */
function checkHeaders(
  sent: Headers,
  listed: Readonly<Record<string, unknown>>,
  known: NonNullable<NonNullable<Document['components']>['headers']>,
  where: string,
): void {
  for (const [name, component] of Object.entries(known)) {
    const required = (listed[name] as { readonly required?: boolean } | undefined)?.required ?? component.required;
    if (sent.has(name) && !(name in listed))
      throw new Error(`${where} with ${name}, which the OpenAPI document does not list`);
    if (required === true && name in listed && !sent.has(name))
      throw new Error(`${where} without ${name}, which the OpenAPI document lists`);
  }
}

/** References into the document, as references into what ajv was given. */
const absolute = (schema: unknown): object =>
  JSON.parse(JSON.stringify(schema ?? {}).replaceAll('"#/components/', '"magam#/components/')) as object;

/** The call of the document that a request's path belongs to; literal steps win over parameters. */
function findOperation(
  document: Document,
  patterns: readonly { readonly pattern: string; readonly wanted: readonly string[] }[],
  method: string,
  path: string,
): { readonly path: string; readonly operation: Operation } | undefined {
  const steps = (path.split('?', 1)[0] ?? '').split('/');
  const matches = patterns
    .filter(
      ({ wanted }) =>
        wanted.length === steps.length && wanted.every((step, i) => step.startsWith('{') || step === steps[i]),
    )
    .map(({ pattern }) => pattern);
  const best = matches.sort((a, b) => a.split('{').length - b.split('{').length)[0];
  const operation =
    best === undefined ? undefined : document.paths[best]?.[method.toLowerCase().replace('head', 'get')];
  return best === undefined || operation === undefined ? undefined : { path: best, operation };
}
