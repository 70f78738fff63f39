/** The header fields in the answers of a route, which follow from its definition. The OpenAPI document lists them at each answer. */
import type { OpenAPIRegistry, ResponseConfig } from '@asteasolutions/zod-to-openapi';
import type { ErrorCode } from '../../kernel/errors.js';
import { isKept } from './idempotency.js';
import type { Route } from './route.js';

/** `required`: each answer that lists it has it. */
const text = (description: string, example: string, required = true) => ({
  description,
  required,
  schema: { type: 'string' as const, example },
});

const headers = {
  'X-Request-Id': text(
    'Names the request in the logs; it is the id that the request sent, if that is harmless.',
    '2b0c6a0e-9f5c-4c43-9d6f-0f3d4f2f9a53',
  ),
  RateLimit: text(
    'For each limit that counts the call: `r` requests are left, and in `t` seconds all of them are back (draft 8 of the IETF).',
    '"requests"; r=299; t=60',
  ),
  'RateLimit-Policy': text(
    'The limits: `q` requests in `w` seconds.',
    '"requests"; q=300; w=60; pk=:NTE1YmJhZjY4YjE2:',
  ),
  'Retry-After': {
    description: 'Seconds to wait before the call is sent again.',
    required: true,
    schema: { type: 'integer' as const, minimum: 0, example: 2 },
  },
  'WWW-Authenticate': text('How to authenticate (RFC 6750).', 'Bearer realm="magam"'),
  ETag: text(
    'Names what the answer shows. Send it as `If-None-Match` to find out whether something has changed and, where the call takes it, as `If-Match` to change only this version.',
    '"v3"',
  ),
  Location: text('The address of what was made, or at which the work can be followed.', '/v1/orders/7'),
  'Content-Disposition': text('The name under which to keep the file.', 'attachment; filename="lines-2026-02-16.csv"'),
  'Idempotency-Replayed': text(
    '`true` if the answer was given before under the same Idempotency-Key, and nothing was done now.',
    'true',
    false,
  ),
};

type HeaderName = keyof typeof headers;

/** Puts the header fields into the document, so that answers can refer to them. */
export function registerHeaders(registry: OpenAPIRegistry): void {
  for (const [name, header] of Object.entries(headers)) registry.registerComponent('headers', name, header);
}

/** CSV, workbooks, PDF and files for the bank are kept as files. */
const isFile = (contentType: string): boolean =>
  /^text\/csv$|spreadsheetml|^application\/(pdf|octet-stream)$/.test(contentType);

/** The header fields of a success; `located` says whether Location is one of them. */
export const headersOfSuccess = (route: Route, status: number, located = status === 201 || status === 202) =>
  references([
    ...namesOfAll(route),
    ...(isTagged(route) ? (['ETag'] as const) : []),
    ...(located ? (['Location'] as const) : []),
    ...(isFile(route.answer.contentType ?? '') ? (['Content-Disposition'] as const) : []),
    ...(route.idempotent === true ? (['Idempotency-Replayed'] as const) : []),
  ]);

/** The header fields of the problems with this status, which have one of these codes. */
export const headersOfProblem = (route: Route, status: number, codes: readonly ErrorCode[]) => {
  const all = references([
    ...namesOfAll(route),
    ...(status === 429 || status === 503 ? (['Retry-After'] as const) : []),
    ...(status === 401 ? (['WWW-Authenticate'] as const) : []),
    ...(route.idempotent === true && codes.some(isKept) ? (['Idempotency-Replayed'] as const) : []),
  ]);
  if (!codes.includes('SERVER_BUSY')) return all;
  // A call for which there is no place is refused before it is counted.
  const limits = ['RateLimit', 'RateLimit-Policy'] as const;
  const uncounted = limits.filter((name) => name in all).map((name) => [name, { ...headers[name], required: false }]);
  return { ...all, ...Object.fromEntries(uncounted) } as typeof all;
};

/** The header fields of 304. */
export const headersOfUnchanged = (route: Route) => references([...namesOfAll(route), 'ETag']);

/** Whether a GET of the route is answered with 304 when the caller knows the answer. */
export const isConditional = ({ method, answer }: Route): boolean =>
  method === 'get' && (answer.contentType ?? 'application/json') === 'application/json';

const isTagged = (route: Route): boolean => isConditional(route) || route.answer.etag === true;

const namesOfAll = ({ probe, limit }: Route): HeaderName[] => [
  'X-Request-Id',
  ...(probe === true || limit !== undefined ? [] : (['RateLimit', 'RateLimit-Policy'] as const)),
];

const references = (names: readonly HeaderName[]): NonNullable<ResponseConfig['headers']> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
