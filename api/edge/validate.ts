/** Requests against the schemas of their route. */
import type { Request } from 'express';
import * as z from 'zod';
import { MagamError } from '../../kernel/errors.js';
import { plainWords } from './plain-words.js';
import { invalidRequest, type RequestFault } from './problem.js';
import type { Route } from './route.js';

export interface ValidRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

const noQuery = z.strictObject({});

/** Parses what the route's schemas describe. Throws REQUEST_INVALID with every fault, or UNSUPPORTED_MEDIA_TYPE. */
export function validate(route: Route, req: Request): ValidRequest {
  const faults: RequestFault[] = [];
  const take = (part: RequestFault['in'], schema: z.ZodType, value: unknown): unknown => {
    const parsed = schema.safeParse(value, { error: plainWords });
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) faults.push(...faultsOf(part, issue));
    return undefined;
  };
  const params = route.params === undefined ? {} : take('path', route.params, { ...req.params });
  if (faults.length > 0) throw new MagamError('ROUTE_NOT_FOUND'); // there can be no object with such an id
  // A monitoring system may append anything to the address of a probe. Elsewhere a misspelt filter must be noticed.
  const querySchema = route.query ?? (route.probe === true ? undefined : noQuery);
  const query = querySchema === undefined ? {} : take('query', querySchema, { ...(req.query as object) });
  const body = route.body === undefined ? undefined : take('body', route.body, bodyOf(req));
  if (route.probe !== true) faults.push(...unasked(route, req));
  if (faults.length > 0) throw invalidRequest(faults);
  return { params, query, body };
}

/** Refuses what the route does not use, so that no caller believes that it counts: a body, a version. */
function unasked(route: Route, req: Request): RequestFault[] {
  const faults: RequestFault[] = [];
  if (route.body === undefined && route.rawBody === undefined && hasBody(req))
    faults.push({ in: 'body', pointer: '#', message: 'is not taken by this call' });
  if (route.versioned !== true && req.headers['if-match'] !== undefined)
    faults.push({ in: 'header', pointer: '#/If-Match', message: 'is not taken by this call' });
  return faults;
}

const hasBody = (req: Request): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

/** The parsed body; undefined when there is none. A body of a type that no parser took is refused. */
function bodyOf(req: Request): unknown {
  if (hasBody(req) && req.body === undefined) throw new MagamError('UNSUPPORTED_MEDIA_TYPE');
  return req.body;
}

function faultsOf(part: RequestFault['in'], issue: z.core.$ZodIssue): RequestFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, 20).map((key) => ({
      in: part,
      pointer: pointer([...issue.path, key]),
      message: 'is not known here',
    }));
  }
  return [{ in: part, pointer: pointer(issue.path), message: issue.message }];
}

/** A JSON pointer as a URI fragment (RFC 6901). Half a surrogate pair, whether it was sent or cut, cannot be part of a URI. */
const pointer = (path: readonly PropertyKey[]): string => `#${path.map((step) => `/${token(String(step))}`).join('')}`;

const token = (step: string): string =>
  encodeURIComponent(
    step
      .slice(0, 100)
      .replaceAll(/\p{Surrogate}/gu, '\u{fffd}')
      .replaceAll('~', '~0')
      .replaceAll('/', '~1'),
  );
