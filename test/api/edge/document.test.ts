/** The OpenAPI document against what the server has mounted, both ways. */
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Express } from 'express';
import { pino } from 'pino';
import { createApp } from '../../../api/edge/app.js';
import { openMetrics } from '../../../api/edge/metrics.js';
import { apiRoutes } from '../../../api/routes.js';
import { readConfig } from '../../../infra/config.js';
import { type Db, openDatabase } from '../../../infra/database.js';
import { openRedis } from '../../../infra/redis.js';
import { type Document, type Operation, type RunningApi, startApi } from '../../support/api.js';
import { contextOf } from '../../support/context.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

/** What describes the API is not part of it. */
const PAGE_FILES = ['start.js', 'swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];
const DOCUMENTS = ['GET /openapi.json', 'GET /docs', ...PAGE_FILES.map((name) => `GET /docs/${name}`)];
/** Mounted by the process, not by a capability. */
const OF_SERVER = ['GET /healthz', 'GET /readyz', 'GET /metrics', 'GET /problems/{code}'];

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

const documented = (): string[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );

/** An application with every capability's routes, not listening. */
function application(db: Db): Express {
  const config = readConfig({ NODE_ENV: 'test' });
  const redis = openRedis(process.env.MAGAM_REDIS_URL ?? '', 'test', () => undefined);
  redis.close();
  const log = pino({ level: 'silent' });
  return createApp(apiRoutes(contextOf({ config, db, redis })), {
    db,
    log: { log, requests: log },
    metrics: openMetrics(db, config),
    authenticate: () => Promise.reject(new Error('nobody')),
    limit: async () => undefined,
    draining: new AbortController().signal,
    hashKey: 'a test',
    trustProxy: 0,
    version: '0',
    docsPage: true,
  });
}

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
}

it('has every route that is mounted, and no other', async () => {
  const db = openDatabase(database.url);
  const { router } = application(db) as unknown as { router: { stack: Layer[] } };
  const mounted = router.stack.flatMap(({ route }) =>
    Object.keys(route?.methods ?? {})
      .filter((method) => method !== '_all') // what refuses the other methods answers all of them
      .map((method) => `${method.toUpperCase()} ${route?.path.replaceAll(/:(\w+)/g, '{$1}')}`),
  );
  await db.destroy();
  expect(mounted.length).toBeGreaterThan(50);
  expect([...mounted, ...OF_SERVER].sort()).toEqual([...documented(), ...DOCUMENTS].sort());
});

it('says of every call what it does, who may, and how it can fail', () => {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods)) as {
    operationId: string;
    summary: string;
    description: string;
    responses: Record<string, unknown>;
  }[];
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(operations.filter(({ summary, description }) => !summary || !/For( everybody|:)/.test(description))).toEqual(
    [],
  );
  expect(operations.filter(({ responses }) => responses[500] === undefined)).toEqual([]);
  expect(document.openapi).toBe('3.1.0');
});

it('shows a problem of every refusal as it may look, without placeholders', () => {
  for (const { operationId, responses } of operations())
    for (const [status, { content }] of Object.entries(
      responses as Record<string, { content?: Record<string, { example?: Record<string, unknown>; schema: object }> }>,
    )) {
      const problem = content?.['application/problem+json'];
      if (problem === undefined) continue;
      const { code = '', ...example } = problem.example ?? {};
      expect([operationId, example]).toEqual([
        operationId,
        expect.objectContaining({ type: `/problems/${code}`, status: Number(status), title: expect.any(String) }),
      ]);
      expect(JSON.stringify(problem.schema)).toContain(`"${code}"`);
      expect(Object.values(example)).not.toContain('string');
    }
});

const operations = (): Operation[] => Object.values(document.paths).flatMap((methods) => Object.values(methods));

it('names every call by a verb and what it acts on', () => {
  const verbs =
    'abandon|accept|add|adjust|apply|approve|ask|assign|begin|cancel|change|check|close|confirm|create|delete|deliver|disable|discard|download|empty|enable|end|explain|export|' +
    'follow|give|hold|inquire|invite|list|lock|lose|make|mark|prepare|preview|propose|prove|read|receive|refresh|refuse|reject|release|remove|reopen|replace|replay|request|reset|resend|resolve|resume|retry|return|reverse|' +
    'revoke|rotate|send|set|ship|show|sign|stop|test|unlock|update|upload|verify|void|withdraw';
  const ids = operations().map(({ operationId }) => operationId);
  expect(ids.filter((id) => !new RegExp(`^(${verbs})[A-Z][A-Za-z]*$`).test(id))).toEqual([]);
});

it('describes every parameter and every tag, and uses every tag', () => {
  const undescribed = operations().flatMap(({ operationId, parameters = [] }) =>
    parameters.filter(({ description }) => !description).map(({ name }) => `${operationId} ${name}`),
  );
  expect(undescribed).toEqual([]);
  const { tags = [] } = document;
  expect(new Set(operations().flatMap(({ tags: own = [] }) => own))).toEqual(new Set(tags.map(({ name }) => name)));
  expect(tags.filter(({ description }) => !description)).toEqual([]);
});

it('is OpenAPI 3.1, and a linter has nothing to say', async () => {
  expect(await new Validator().validate(structuredClone({ ...document }))).toEqual({ valid: true });
  // The program has no licence that could be named.
  const config = await createConfig({ extends: ['recommended-strict'], rules: { 'info-license': 'off' } });
  const faults = await lintFromString({ source: JSON.stringify(withoutRepeatedExamples()), config });
  expect(faults.map(({ ruleId, message, location: [place] }) => `${ruleId}: ${message} ${place?.pointer}`)).toEqual([]);
});

/** The document in which a schema with its example, which many refusals have in common, keeps the example at the first place: the linter takes more than a millisecond for each. */
function withoutRepeatedExamples(): Document {
  const copy = structuredClone({ ...document });
  const seen = new Set<string>();
  for (const methods of Object.values(copy.paths))
    for (const { responses } of Object.values(methods))
      for (const media of Object.values(responses).flatMap(({ content = {} }) => Object.values(content))) {
        const text = JSON.stringify(media);
        if (seen.has(text)) Reflect.deleteProperty(media, 'example');
        seen.add(text);
      }
  return copy;
}

it('describes policies, certificates and all other objects except the details of a code', () => {
  const { schemas = {} } = document.components ?? {};
  expect(openObjects(schemas).filter((path) => !path.endsWith('/properties/details'))).toEqual([]);
  expect(Object.keys(schemas)).toEqual(expect.arrayContaining(['FeePolicy', 'NewFeePolicy', 'CertificateBody']));
});

/** Where a schema has an object of which it says nothing. */
function openObjects(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, properties, additionalProperties: others, allOf } = schema as Readonly<Record<string, unknown>>;
  const saysNothing = others === undefined || Object.keys(others as object).length === 0;
  if (type === 'object' && properties === undefined && allOf === undefined && saysNothing) return [path];
  return Object.entries(schema).flatMap(([key, value]) => openObjects(value, `${path}/${key}`));
}

it('has schemas that are JSON schemas, and examples that fit them', () => {
  // Each is used once: optimizing it would cost more than it saves.
  const ajv = new Ajv2020({ strict: false, allErrors: true, code: { optimize: false } });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'magam', components: document.components });
  const { schemas } = document.components as { schemas: Record<string, { properties?: Record<string, unknown> }> };
  const faults: string[] = [];
  for (const [name, schema] of Object.entries(schemas)) {
    ajv.compile({ $ref: `magam#/components/schemas/${name}` });
    for (const [field, definition] of Object.entries(schema.properties ?? {})) {
      const { example } = definition as { example?: unknown };
      if (example === undefined) continue;
      const pointer = `magam#/components/schemas/${name}/properties/${field.replaceAll('/', '~1')}`;
      if (!ajv.compile({ $ref: pointer })(example)) faults.push(`${name}.${field}: ${JSON.stringify(example)}`);
    }
  }
  expect(faults).toEqual([]);
});

it('is shown on a page that fetches nothing from elsewhere', async () => {
  const page = await (await fetch(`${api.url}/docs`)).text();
  for (const [, address = ''] of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect(address).toMatch(/^\//);
    expect((await fetch(`${api.url}${address}`)).status).toBe(200);
  }
});

it('keeps nothing that was typed in the browser, and removes what former versions kept', async () => {
  const start = await (await fetch(`${api.url}/docs/start.js`)).text();
  const kept = new Map([
    ['authorized', 'a typed password'],
    ['other', 'x'],
  ]);
  let options: Record<string, unknown> = {};
  const localStorage = { removeItem: (name: string) => kept.delete(name) };
  const bundle = (given: Record<string, unknown>) => {
    options = given;
  };
  runInNewContext(start, { window: {}, localStorage, SwaggerUIBundle: bundle });
  expect([options.persistAuthorization, [...kept.keys()]]).toEqual([false, ['other']]);
});

it('comes with the files that it needs and no others', async () => {
  const status = async (name: string) => (await fetch(`${api.url}/docs/${name}`)).status;
  for (const name of PAGE_FILES) expect([name, await status(name)]).toEqual([name, 200]);
  const others = ['index.html', 'oauth2-redirect.html', 'package.json', 'swagger-ui-bundle.js.map', '../package.json'];
  for (const name of others) expect([name, await status(name)]).toEqual([name, 404]);
});

it('is not there when a setting turns it off; the document is', async () => {
  const without = await startApi(database.url, { MAGAM_DOCS_PAGE: 'off' });
  const paths = ['/docs', '/docs/start.js', '/docs/swagger-ui.css', '/openapi.json'];
  const statuses = await Promise.all(paths.map(async (path) => (await fetch(`${without.url}${path}`)).status));
  await without.stop();
  expect(statuses).toEqual([404, 404, 404, 200]);
});
