/**
 * Hostile and malformed requests, made from the OpenAPI document itself: whatever is sent, the answer is one that the document describes, never a
 * 500, and never shows anything of the inside.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Role } from '../../../kernel/access.js';
import { makeAccount } from '../../support/accounts.js';
import { type CallAnswer, type Document, type Operation, type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
let document: Document;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  document = (await (await fetch(`${api.url}/openapi.json`)).json()) as Document;
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

/** Signing in is tried here more often than anybody may. */
const forgive = () => database.db.raw('DELETE FROM rate_window');
beforeEach(async () => {
  await forgive();
});

/** Texts that have broken servers. */
const hostileText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '\ud800',
    '../../etc/passwd',
    "' OR 1=1 --",
    '"; DROP TABLE account; --',
    '{{7*7}}',
    '<script>alert(1)</script>',
    '%00',
    '%',
    '__proto__',
    'constructor',
    '\u202e한글\u0301',
    '9999-99-99',
    '2026-02-30',
    '0000-00-00',
    '-1',
    '1e309',
    'NaN',
    '0x10',
    '9'.repeat(40),
    'x'.repeat(70_000),
    '💥'.repeat(300),
  ),
  fc.string({ unit: 'binary', maxLength: 80 }),
);

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom(null, true, false, 0, -1, 0.5, 1e308, Number.MAX_SAFE_INTEGER, 2 ** 63, [], {}, [[[[]]]], [null]),
  fc.constant(JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{}}}')),
  fc.jsonValue({ maxDepth: 3 }),
);

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly format?: string;
}

/** Values that are nearly what a schema asks for. */
function likely(schema: Schema | undefined, depth = 0): fc.Arbitrary<unknown> {
  if (schema === undefined || depth > 6) return hostileValue;
  if (schema.$ref !== undefined) {
    const schemas = (document.components as { schemas: Record<string, Schema> }).schemas;
    return likely(schemas[schema.$ref.split('/').at(-1) ?? ''], depth + 1);
  }
  const example = schema.example ?? schema.examples?.[0];
  const examples = example === undefined ? [] : [{ weight: 4, arbitrary: fc.constant(example) }];
  return fc.oneof(...examples, { weight: 4, arbitrary: ofType(schema, depth) }, { weight: 1, arbitrary: hostileValue });
}

function ofType(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choice = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choice !== undefined) return fc.oneof(...choice.map((it) => likely(it, depth + 1)));
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  if (schema.properties !== undefined) {
    const fields = Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => [name, likely(field, depth + 1)]),
    );
    return fc
      .tuple(fc.record(fields, { requiredKeys: [] }), fc.option(hostileText))
      .map(([object, extra]) => (extra === null ? object : { ...object, [extra.slice(0, 40)]: 1 }));
  }
  if (type === 'array') return fc.array(likely(schema.items, depth + 1), { maxLength: 4 });
  if (type === 'integer' || type === 'number') return fc.oneof(fc.integer(), fc.constantFrom(0, 1, 2, -1, 1e15, 0.1));
  if (type === 'boolean') return fc.boolean();
  if (schema.format === 'date') return fc.constantFrom('2026-06-30', '2020-02-30', '9999-12-31');
  return fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom('1', '2', 'S1', 'KRW', 'true', '2026-06-30'));
}

interface Attempt {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
/** Lone surrogates cannot be written in an address; they go as the bytes that a careless client would send. */
const wellFormed = (text: string): string => Buffer.from(text).toString();
const inAddress = (text: string): string => encodeURIComponent(wellFormed(text)).slice(0, 4_000);
const inHeader = (text: string): string =>
  text
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, 300);

function attempts(path: string, operation: Operation): fc.Arbitrary<Attempt> {
  const parameters = operation.parameters ?? [];
  const values = fc.tuple(
    ...parameters.map((parameter) =>
      fc.tuple(fc.constant(parameter), fc.boolean(), likely(parameter.schema as Schema).map(asText)),
    ),
  );
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const body = type === undefined ? fc.constant(undefined) : bodies(type, media?.schema as Schema);
  const contentType = fc.constantFrom(type, type, type, 'text/plain', 'application/json; charset=latin-9', undefined);
  return fc.tuple(values, body, contentType, fc.option(hostileText)).map(([given, text, sentAs, stray]) => {
    let address = path;
    const query: string[] = [];
    const headers: Record<string, string> = {};
    for (const [{ name, in: place }, present, value] of given) {
      if (place === 'path') address = address.replace(`{${name}}`, inAddress(value) || '-');
      else if (present && place === 'query') query.push(`${name}=${inAddress(value)}`);
      else if (present && place === 'header') headers[name] = inHeader(value);
    }
    if (stray !== null) query.push(`${inAddress(stray)}=1`, query[0] ?? 'limit=1');
    if (text !== undefined && sentAs !== undefined) headers['Content-Type'] = sentAs;
    return { path: `${address}${query.length > 0 ? `?${query.join('&')}` : ''}`.slice(0, 8_000), headers, body: text };
  });
}

function bodies(type: string, schema: Schema): fc.Arbitrary<string> {
  const encode = type.includes('json')
    ? (value: unknown) => JSON.stringify(value)
    : (value: unknown) => (type.includes('form') ? new URLSearchParams(flat(value)).toString() : asText(value));
  const broken = fc.constantFrom(
    '',
    '{',
    '[]',
    'null',
    '"x"',
    '{"a":',
    `${'['.repeat(5_000)}`,
    '\u0000',
    `"${'x'.repeat(300_000)}"`,
  );
  return fc.oneof({ weight: 5, arbitrary: likely(schema).map(encode) }, { weight: 1, arbitrary: broken });
}

const flat = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(Object(value)).map(([name, it]) => [name, wellFormed(asText(it))]));

/** What must never be seen from outside. */
const inside = /node_modules|\bat \S+ \(|\.[jt]s:\d+|\bER_[A-Z_]{4,}|\bSELECT .* FROM\b|sqlMessage|errno/;

async function attempt(
  method: string,
  { path, headers, body }: Attempt,
  token: string,
): Promise<CallAnswer | undefined> {
  const abort = AbortSignal.timeout(10_000);
  const signal = { token, headers, ...(body === undefined ? {} : { body: new TextEncoder().encode(body) }) };
  const answer = await Promise.race([
    api.call(method, path, signal),
    new Promise<undefined>((resolve) => abort.addEventListener('abort', () => resolve(undefined))),
  ]);
  if (answer === undefined) throw new Error(`${method} ${path} was not answered`);
  return answer;
}

describe('requests made from the document', () => {
  // Each role sends other requests. Most of the first two are refused for the role.
  it.each<[Role, number, number]>([
    ['buyer', 20_261_120, 4],
    ['seller', 20_261_121, 4],
    ['admin', 20_261_122, 6],
  ])('get an answer that it describes, sent by: %s', async (role, seed, numRuns) => {
    const failures: string[] = [];
    let sent = 0;
    let understood = 0;
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        await forgive();
        const { token } = await makeAccount(database.db, role, role === 'seller' ? { sellerId: 'S1' } : {});
        const property = fc.asyncProperty(attempts(path, operation), async (tried) => {
          const answer = await attempt(method.toUpperCase(), tried, token);
          sent += 1;
          if (answer === undefined) return;
          if (answer.status < 300) understood += 1;
          if (answer.status >= 500) throw new Error(`${answer.status}: ${answer.text}`);
          if (inside.test(answer.text)) throw new Error(`tells of the inside: ${answer.text}`);
        });
        await fc.assert(property, { numRuns, seed, endOnFailure: true }).catch((error: unknown) => {
          const { message, cause } = error as Error;
          failures.push(`${method} ${path}: ${message}\n${cause instanceof Error ? cause.message : ''}`);
        });
      }
    }
    expect(failures.map((text) => text.slice(0, 1_500))).toEqual([]);
    expect(sent).toBeGreaterThan(100);
    expect(understood).toBeGreaterThan(10); // some get through: the walls are not all that was tried
  });

  it('are refused by every call that an admin may make when they have a query that it does not know', async () => {
    const { token } = await makeAccount(database.db, 'admin');
    const others: string[] = [];
    let refusals = 0;
    for (const [path, methods] of Object.entries(document.paths))
      for (const method of Object.keys(methods)) {
        const { status, body } = await api.call(
          method.toUpperCase(),
          `${path.replaceAll(/\{\w+\}/g, '1')}?surprise=1`,
          { token },
        );
        const refused = body?.errors?.some(({ pointer }: { pointer: string }) => pointer === '#/surprise') === true;
        if (refused) refusals += 1;
        else if (status !== 403 && status !== 404) others.push(`${method} ${path}`); // what only buyers do, and addresses that have no number
      }
    expect(others).toEqual(['get /healthz', 'get /readyz', 'get /metrics']);
    expect(refusals).toBeGreaterThan(150);
  });
});

/** Sends bytes as they are; what came back before the server closed the connection. */
const raw = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
    socket.setTimeout(5_000, () => socket.destroy());
  });

describe('what is not HTTP', () => {
  it.each([
    ['a header without a name', 'GET /healthz HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', 400],
    ['headers without end', `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`, 431],
    ['two lengths', 'POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}', 400],
    [
      'a length and chunks',
      'POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['noise', '\u0016\u0003\u0001\u0002\r\n\r\n', 400],
  ])('%s is refused, and the connection closed', async (_what, text, status) => {
    const answer = await raw(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).not.toMatch(inside);
  });
});

describe('bodies', () => {
  const signIn = (headers: Record<string, string>, body: string | Uint8Array) =>
    api.call('POST', '/v1/sessions', { headers, body });

  it('that are too large are refused', async () => {
    const { status, body } = await signIn({ 'Content-Type': 'application/json' }, `{"email":"${'x'.repeat(300_000)}"}`);
    expect({ status, code: body.code }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' });
  });

  it('of a form that are too large, or have too many fields, are refused', async () => {
    const form = (fields: string) =>
      api.call('POST', '/v1/oauth/token', {
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: `grant_type=refresh_token&${fields}`,
      });
    for (const fields of [`refresh_token=${'x'.repeat(300_000)}`, 'a=1&'.repeat(60)]) {
      const { status, body } = await form(fields);
      expect({ status, code: body.code }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' });
    }
    expect((await form('a=1&'.repeat(40))).status).toBe(400);
  });

  it('with thousands of unknown fields are refused in a few words', async () => {
    const fields = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`field-${n}`, n]));
    const { status, body } = await signIn({ 'Content-Type': 'application/json' }, JSON.stringify(fields));
    expect([status, body.errors.length < 30]).toEqual([400, true]);
  });

  it('that grow too large when unpacked are refused', async () => {
    const { gzipSync } = await import('node:zlib');
    const bomb = gzipSync(Buffer.alloc(20_000_000, ' '));
    const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' };
    expect((await signIn(headers, bomb)).body.code).toBe('BODY_TOO_LARGE');
    expect((await signIn(headers, Buffer.from('not gzip'))).status).toBe(400);
    expect((await signIn({ ...headers, 'Content-Encoding': 'br2' }, bomb)).body.code).toBe('UNSUPPORTED_MEDIA_TYPE');
  });

  it.each([
    ['application/json', '{"email":', 'JSON_MALFORMED', 400],
    ['text/plain', '{}', 'UNSUPPORTED_MEDIA_TYPE', 415],
    ['application/json', '', 'REQUEST_INVALID', 400],
    ['application/json', '[]', 'REQUEST_INVALID', 400],
    ['application/json', '{"email":"a@b.kr","password":"x","role":"admin"}', 'REQUEST_INVALID', 400],
  ])('%s %s is %s', async (type, text, code, status) => {
    const answer = await signIn({ 'Content-Type': type }, text);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  });

  it('name every field that is wrong by a pointer', async () => {
    const { body } = await signIn({ 'Content-Type': 'application/json' }, '{"email":1,"sur/prise":true}');
    expect(body.errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ in: 'body', pointer: '#/email' }),
        expect.objectContaining({ in: 'body', pointer: '#/password' }),
        { in: 'body', pointer: '#/sur~1prise', message: 'is not known here' },
      ]),
    );
  });
});
