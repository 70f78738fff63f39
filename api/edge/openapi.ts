/** The OpenAPI 3.1 document, made from the same route definitions that the server mounts. */
import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import * as z from 'zod';
import { OUTAGE_CODES } from '../../infra/database-errors.js';
import { isPublic, permissions, ROLES } from '../../kernel/access.js';
import { type ErrorCode, errors } from '../../kernel/errors.js';
import {
  headersOfProblem,
  headersOfSuccess,
  headersOfUnchanged,
  isConditional,
  registerHeaders,
} from './answer-headers.js';
import { type Problem, problemSchema } from './problem.js';
import type { Route } from './route.js';
import { tags } from './tags.js';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

/** Writes the document of these routes. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'signIn', {
    type: 'oauth2',
    description: 'Signs in: email as username, and password. Leave client_id and client_secret empty.',
    flows: { password: { tokenUrl: '/v1/oauth/token', refreshUrl: '/v1/oauth/token', scopes: {} } },
  });
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'The accessToken of POST /v1/sessions, or an API key.',
  });
  registerHeaders(registry);
  for (const route of routes) registry.registerPath(pathOf(route));
  return withExamples(
    routes,
    new OpenApiGeneratorV31(registry.definitions).generateDocument({
      openapi: '3.1.0',
      info: {
        title: 'Magam',
        version,
        description:
          'Settlement platform for marketplaces with many sellers. Amounts are integers in minor units beside their currency; ' +
          'failures are problem documents (RFC 9457) with a stable `code`.',
      },
      servers: [{ url: '/' }],
      tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    }),
  );
}

/** The page on which calls are tried fills parameters with their examples; optional filters stay empty, unless the route names them. */
function withExamples(routes: readonly Route[], document: OpenApiDocument): OpenApiDocument {
  for (const { method, path, exampleQuery = {} } of routes) {
    const parameters = document.paths?.[path]?.[method]?.parameters ?? [];
    for (const parameter of parameters as Parameter[]) {
      if (parameter.in !== 'query') continue;
      const example = (exampleQuery as Readonly<Record<string, unknown>>)[parameter.name];
      if (example !== undefined) parameter.example = example;
      else if (parameter.required !== true) delete parameter.schema?.example;
    }
  }
  return document;
}

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly schema?: { example?: unknown };
  example?: unknown;
}

function pathOf(route: Route): RouteConfig {
  const open = isPublic(route.permission);
  const headers = headersOf(route);
  return {
    method: route.method,
    path: route.path,
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, accessText(route)].filter(Boolean).join('\n\n'),
    security:
      route.probe === true && route.path !== '/metrics' ? [] : [...(open ? [{}] : []), { signIn: [] }, { bearer: [] }],
    request: {
      ...(route.params === undefined ? {} : { params: route.params }),
      ...(route.query === undefined ? {} : { query: route.query }),
      ...(headers === undefined ? {} : { headers }),
      ...bodyOf(route),
    },
    responses: responsesOf(route),
  };
}

function accessText({ permission }: Route): string {
  const rule: string | Readonly<Record<string, string | undefined>> = permissions[permission];
  if (typeof rule === 'string') return 'For everybody.';
  const grants = ROLES.flatMap((role) => (rule[role] === undefined ? [] : [`${role} (${rule[role]})`]));
  return `For: ${grants.join(', ')}.`;
}

function headersOf(route: Route): z.ZodObject | undefined {
  const headers = {
    ...(route.idempotent === true
      ? {
          'Idempotency-Key': z.string().min(1).max(255).optional().meta({
            description: 'The same key gives the same answer again, for a day; the call is carried out once.',
          }),
        }
      : {}),
    ...(route.versioned === true
      ? {
          'If-Match': z.string().optional().meta({
            description: 'The ETag of the version to be changed; the answer is 412 when somebody else was faster.',
          }),
        }
      : {}),
    ...(isConditional(route)
      ? {
          'If-None-Match': z.string().optional().meta({
            description: 'The ETag of the answer that the caller has; the answer is 304 when nothing has changed.',
          }),
        }
      : {}),
  };
  return Object.keys(headers).length === 0 ? undefined : z.object(headers);
}

/** The page shows a file picker for a file, and a text field for JSON. */
const rawSchema = (contentType: string): z.ZodType =>
  contentType === 'application/json' ? z.looseObject({}) : z.string().meta({ format: 'binary' });

function bodyOf(route: Route): Pick<NonNullable<RouteConfig['request']>, 'body'> {
  if (route.rawBody !== undefined) {
    const { contentType, description } = route.rawBody;
    return { body: { required: true, description, content: { [contentType]: { schema: rawSchema(contentType) } } } };
  }
  if (route.body === undefined) return {};
  const type = route.bodyType === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
  return {
    body: { required: true, content: { [type]: { schema: route.shownBody ?? route.body, ...exampleOf(route) } } },
  };
}

const exampleOf = ({ example }: Route) => (example === undefined ? {} : { example });

/** A workbook is not text. */
const textOrBytes = (type: string): z.ZodType => (type.includes('spreadsheetml') ? rawSchema(type) : z.string());

function successOf(route: Route): RouteConfig['responses'] {
  const { status, description, schema, contentType, location } = route.answer;
  const type = contentType ?? (schema === undefined ? undefined : 'application/json');
  return {
    [status]: {
      description,
      headers: headersOfSuccess(route, status, location),
      ...(type === undefined ? {} : { content: { [type]: { schema: schema ?? textOrBytes(type) } } }),
    },
    ...(isConditional(route)
      ? {
          304: { description: 'Nothing has changed since the ETag that was sent.', headers: headersOfUnchanged(route) },
        }
      : {}),
  };
}

function responsesOf(route: Route): RouteConfig['responses'] {
  const { answer, otherAnswer: other } = route;
  const problems = problemsOf(route);
  const responses: RouteConfig['responses'] = { ...problems, ...successOf(route) };
  if (other === undefined) return responses;
  const problem = problems[other.status]; // the same status may carry a problem document too
  const schema = other.schema ?? answer.schema ?? z.string();
  responses[other.status] = {
    description: [other.description, problem?.description].filter(Boolean).join('\n\n'),
    headers: other.status < 400 ? headersOfSuccess(route, other.status, other.location) : (problem?.headers ?? {}),
    content: { 'application/json': { schema }, ...problem?.content },
  };
  return responses;
}

/** Codes with which the edge itself may answer, before or instead of the handler. */
function codesOf(route: Route): ErrorCode[] {
  const hasBody = route.body !== undefined;
  if (route.probe === true) return [...(route.refusals ?? []), 'REQUEST_INVALID', 'INTERNAL'];
  return [
    'SERVER_BUSY',
    ...(route.refusals ?? []),
    ...(route.provesIdentity === true ? [] : (['TOKEN_INVALID', 'ACCOUNT_LOCKED'] as const)),
    'RATE_LIMITED',
    'REQUEST_INVALID',
    'INTERNAL',
    ...OUTAGE_CODES,
    'DATABASE_ACCESS_DENIED',
    'SCHEMA_OUTDATED',
    ...(isPublic(route.permission)
      ? []
      : (['SIGN_IN_REQUIRED', 'FORBIDDEN', 'API_KEY_PERMISSION_MISSING', 'SECOND_FACTOR_REQUIRED'] as const)),
    ...(route.params === undefined ? [] : (['ROUTE_NOT_FOUND'] as const)),
    ...(hasBody && route.bodyType !== 'form' ? (['JSON_MALFORMED'] as const) : []),
    ...(hasBody || route.rawBody !== undefined ? (['BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const) : []),
    ...(route.query !== undefined && 'cursor' in route.query.shape ? (['CURSOR_INVALID'] as const) : []),
    ...(route.idempotent === true ? (['IDEMPOTENCY_KEY_IN_FLIGHT', 'IDEMPOTENCY_KEY_REUSED'] as const) : []),
    ...(route.grouped === true ? (['TOO_MANY_WAITING'] as const) : []),
    ...(route.versioned === true ? (['VERSION_CONFLICT'] as const) : []),
  ];
}

/** An example of a problem, without placeholders. */
const exampleOfProblem = (code: ErrorCode): Problem => ({
  type: `/problems/${code}`,
  title: errors[code].meaning,
  status: errors[code].http,
  detail: errors[code].meaning,
  code,
  requestId: '5f0c1d9e-3c1b-4f6e-9a55-0d5f3a1f7a10',
  whatToDo: errors[code].whatToDo,
});

/** One answer per status, with the codes that it may carry. */
function problemsOf(route: Route): Record<string, ResponseConfig> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codesOf(route))) {
    const { http } = errors[code];
    byStatus.set(http, [...(byStatus.get(http) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${errors[code].meaning}`).join('\n\n'),
        headers: headersOfProblem(route, status, codes),
        content: {
          'application/problem+json': {
            schema: z.intersection(problemSchema, z.object({ code: z.enum(codes as [ErrorCode, ...ErrorCode[]]) })),
            example: exampleOfProblem(codes[0] as ErrorCode),
          },
        },
      },
    ]),
  );
}
