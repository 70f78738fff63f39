/** Mounts routes. For each call: authentication, limits, permission, validation, ownership and idempotency key; then the handler and its answer. */
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import type { Db } from '../../infra/database.js';
import { type Caller, grantOf, grantTo, isPublic, needsNoSecondFactor, owns } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import type { Admission } from './admission.js';
import { bodyWithin } from './body-deadline.js';
import { HandledCall, type Keyed, keyedCall } from './call.js';
import { keyLookUp, type LookUpKey } from './grouped-call.js';
import { Replayed } from './idempotency.js';
import { cutOffLateReader, READ_MS } from './late-reader.js';
import type { OpenStreams, StreamPlace } from './open-streams.js';
import { bigintAsText, failureOf, languageOf, sendUntagged } from './problem.js';
import { isStreamed, type Reply, type StreamedReply } from './reply.js';
import { pathOf } from './request-log.js';
import { requestState } from './request-state.js';
import type { Call, Route } from './route.js';
import { validate } from './validate.js';

export interface Edge {
  readonly db: Db;
  /** Who a bearer token stands for. Throws TOKEN_INVALID. */
  readonly authenticate: (token: string) => Promise<Caller>;
  /** Counts a call. Throws RATE_LIMITED. */
  readonly limit: (res: Response) => Promise<void>;
  /** Calls at once. Default: no limit. */
  readonly admission?: Admission;
  /** Downloads and event streams at once. Default: no limit. */
  readonly streams?: OpenStreams;
  /** The key for the hashes of requests; the same on all servers. */
  readonly hashKey: string;
  /** Former keys, by which calls that were answered earlier are recognised. Default: none. */
  readonly formerHashKeys?: readonly string[];
  /** How long a client may take to read an answer that is not a stream (ms). Default: a minute. */
  readonly readMs?: number;
  /** How long a client may take to send a body that is parsed (ms). Default: 30 s. */
  readonly bodyMs?: number;
  /** Aborted when the server is told to stop. */
  readonly draining: AbortSignal;
}

const BODY_BYTES_MAX = 256 * 1024;

/** How long such a body may take to arrive (ms). */
const BODY_MS = 30_000;

const parsers: Readonly<Record<'json' | 'form', RequestHandler>> = {
  json: express.json({ limit: BODY_BYTES_MAX, strict: false }),
  form: express.urlencoded({ limit: BODY_BYTES_MAX, extended: false, parameterLimit: 50 }),
};

/** A route and the handlers that carry out its calls. */
export interface Endpoint {
  readonly route: Route;
  readonly handlers: readonly RequestHandler[];
}

export function endpointsOf(routes: readonly Route[], edge: Edge): Endpoint[] {
  const inner = { ...edge, lookUpKey: keyLookUp(edge.db) };
  return routes.map((route) => ({ route, handlers: handlersOf(route, inner) }));
}

/** What all calls share. */
interface InnerEdge extends Edge {
  readonly lookUpKey: LookUpKey;
}

function handlersOf(route: Route, edge: InnerEdge): RequestHandler[] {
  const parse = parsersOf(route, edge.bodyMs ?? BODY_MS);
  const between = [...parse, ...(route.before ?? [])];
  const finish = (req: Request, res: Response): Promise<void> => answer(route, edge, req, res);
  if (between.length === 0) {
    return [
      async (req, res) => {
        await admit(route, edge, req, res);
        return finish(req, res);
      },
    ];
  }
  const enter: RequestHandler = async (req, res, next) => {
    await admit(route, edge, req, res);
    next();
  };
  return [enter, ...between, finish];
}

function parsersOf({ body, bodyType = 'json', rawBody }: Route, bodyMs: number): RequestHandler[] {
  const timely = bodyWithin(bodyMs);
  if (body !== undefined) return [timely, parsers[bodyType]];
  if (rawBody?.bytesMax === undefined) return [];
  return [timely, express.raw({ limit: rawBody.bytesMax, type: () => true })];
}

/** Takes a place for the call, finds out who calls, counts the call, and refuses callers who may not make it. */
async function admit(route: Route, edge: Edge, req: Request, res: Response): Promise<void> {
  const state = requestState(res);
  state.route = route.path;
  if (route.probe === true) return route.limit?.(req, res);
  if (edge.admission !== undefined) state.leave = edge.admission.enter(route.essential === true);
  const count = (): Promise<void> => (route.limit === undefined ? edge.limit(res) : route.limit(req, res));
  if (route.provesIdentity !== true && req.headers.authorization !== undefined) {
    try {
      const caller = await callerOf(req.headers.authorization, edge);
      // Until the second factor that the role needs is set up, a public call is answered as for an anonymous caller.
      if (caller !== null && !(isPublic(route.permission) && caller.secondFactorMissing === true))
        state.caller = caller;
    } catch (refusal) {
      // Counted by its address, because checking an invalid token is work, too.
      await count();
      throw refusal;
    }
  }
  await count();
  requireRole(route, state.caller);
}

/** Mounts the routes on the app; other methods on their paths answer METHOD_NOT_ALLOWED. */
export function register(app: Express, endpoints: readonly Endpoint[]): void {
  const methods = new Map<string, string[]>();
  for (const { route, handlers } of endpoints) {
    const path = expressPath(route.path);
    methods.set(path, [...(methods.get(path) ?? []), route.method.toUpperCase()]);
    app[route.method](path, ...handlers);
  }
  // Not app.all(), which makes a handler for each of the 30 methods that Node knows: it took a fifth of the CPU time of a server's start.
  for (const [path, known] of methods) app.route(path).all(refuseMethod(known));
}

const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/**
 * Finds routes whose path has no parameters by the literal path, before Express tries the patterns of the routes one by one. A request that is not found this way (other capitals,
 * a slash at the end, HEAD) is left to Express.
 */
export function directly(endpoints: readonly Endpoint[]): RequestHandler {
  const known = new Map<string, RequestHandler>();
  for (const { route, handlers } of endpoints) {
    const [handler] = handlers;
    if (handlers.length === 1 && handler !== undefined && !route.path.includes('{'))
      known.set(`${route.method.toUpperCase()} ${route.path}`, handler);
  }
  return (req, res, next) => {
    const handler = known.get(`${req.method} ${pathOf(req.url)}`);
    return handler === undefined ? next() : handler(req, res, next);
  };
}

function refuseMethod(methods: readonly string[]): RequestHandler {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return (req, res) => {
    res.set('Allow', allow);
    if (req.method !== 'OPTIONS') throw new MagamError('METHOD_NOT_ALLOWED');
    res.status(204).end();
  };
}

async function callerOf(header: string, edge: Edge): Promise<Caller | null> {
  // Basic: credentials of an OAuth client (RFC 6749, 2.3.1), or of a proxy. The server has no such clients, and it signs nobody in.
  if (/^Basic /i.test(header)) return null;
  const token = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(header)?.[1];
  if (token === undefined) throw new MagamError('TOKEN_INVALID');
  return edge.authenticate(token);
}

function requireRole(route: Route, caller: Caller | undefined): void {
  if (isPublic(route.permission)) return;
  if (caller === undefined) throw new MagamError('SIGN_IN_REQUIRED');
  const { permission } = route;
  if (grantOf(permission, caller.role) === undefined) throw new MagamError('FORBIDDEN');
  if (grantTo(permission, caller) === undefined)
    throw new MagamError('API_KEY_PERMISSION_MISSING', undefined, { permission });
  if (caller.secondFactorMissing === true && !needsNoSecondFactor(permission))
    throw new MagamError('SECOND_FACTOR_REQUIRED');
}

async function answer(route: Route, edge: InnerEdge, req: Request, res: Response): Promise<void> {
  const valid = validate(route, req);
  const keyed = keyedCall(route, edge, req, res);
  const call = new HandledCall(route, edge.db, req, requestState(res), valid, keyed);
  try {
    if (keyed !== undefined && route.rawBody === undefined) await keyed.begin(valid.body);
    if (route.owner !== undefined) await requireOwner(route, call);
    const reply = await route.handle(call);
    call.requireKept();
    if (isStreamed(reply)) await stream(reply, req, res, edge);
    else {
      send(reply, res);
      cutOffLateReader(res, edge.readMs ?? READ_MS);
    }
  } catch (error) {
    const replayed = error instanceof Replayed ? error : await endKey(keyed, error, req, res);
    if (replayed === undefined) throw error;
    resend(replayed, res);
  }
}

/** Ends a failed call under a key. @returns the answer, if another call under the key was faster; a refusal of that call counts */
async function endKey(
  keyed: Keyed | undefined,
  error: unknown,
  req: Request,
  res: Response,
): Promise<Replayed | undefined> {
  try {
    await keyed?.fail(failureOf(error), requestState(res).requestId, languageOf(req));
    return undefined;
  } catch (known) {
    if (known instanceof Replayed) return known;
    throw known;
  }
}

async function requireOwner(route: Route, call: Call<unknown, unknown, unknown>): Promise<void> {
  if (route.owner === undefined || call.own === null) return;
  const owner = await route.owner(call);
  if (owner !== undefined && !owns(call.own, owner)) throw new MagamError('FORBIDDEN');
}

/** Answers are for the caller only, unless the route says otherwise. */
const NOT_KEPT = 'no-store';
const JSON_TYPE = 'application/json; charset=utf-8';

function send(reply: Reply, res: Response): void {
  begin(reply, res);
  if (reply.octets !== undefined) {
    res.setHeader('Content-Type', JSON_TYPE);
    res.setHeader('Content-Length', reply.octets.length);
    res.end(reply.octets, 'latin1');
  } else if (reply.json !== undefined) sendJson(res, reply.json);
  else if (reply.body === undefined) res.end();
  else sendJson(res, JSON.stringify(reply.body, bigintAsText));
}

/** An answer to GET gets an entity tag of Express if it has none, and 304 if the caller has it already. */
function sendJson(res: Response, json: string | Buffer): void {
  if (res.req.method === 'GET' || res.req.method === 'HEAD') res.type('application/json').send(json);
  else sendUntagged(res, JSON_TYPE, json);
}

/** Status and headers. */
function begin({ status, headers }: Reply | StreamedReply, res: Response): void {
  res.statusCode = status;
  res.setHeader('Cache-Control', NOT_KEPT);
  for (const name in headers) res.setHeader(name, headers[name] ?? '');
}

async function stream(reply: StreamedReply, req: Request, res: Response, edge: Edge): Promise<void> {
  const { caller, leave } = requestState(res);
  const place =
    reply.kind === undefined || caller === undefined || req.method === 'HEAD'
      ? undefined
      : edge.streams?.enter(reply.kind, caller);
  if (place !== undefined) leave?.(); // the call now has a place of another kind
  try {
    begin(reply, res);
    res.set('Content-Type', reply.contentType);
    if (req.method === 'HEAD') return void res.end();
    await writeStream(reply, res, edge, place);
  } catch (error) {
    // What is answered now is a problem, and no file.
    if (!res.headersSent) for (const name in reply.headers) res.removeHeader(name);
    throw error;
  } finally {
    place?.leave();
  }
}

async function writeStream(
  reply: StreamedReply,
  res: Response,
  { draining }: Edge,
  place: StreamPlace | undefined,
): Promise<void> {
  const gone = new AbortController();
  // If the client disconnected while the call was admitted and handled, no event will say so again.
  if (res.destroyed) gone.abort();
  else res.on('close', () => gone.abort());
  const over = place?.signal;
  const signals = [gone.signal, ...(over === undefined ? [] : [over]), ...(reply.endless === true ? [draining] : [])];
  try {
    await reply.write(res, AbortSignal.any(signals));
  } catch (error) {
    if (!gone.signal.aborted && over?.aborted !== true) throw error;
  }
  if (res.writableEnded) return;
  // A part of a download must not look like a complete one, and a client that does not read would not see the end.
  if (over?.aborted === true && (reply.endless !== true || res.writableNeedDrain)) res.destroy();
  else res.end();
}

function resend({ answer: { status, headers, body } }: Replayed, res: Response): void {
  const { 'Content-Type': type = JSON_TYPE, ...others } = headers;
  res.status(status).set({ 'Cache-Control': NOT_KEPT, ...others, 'Idempotency-Replayed': 'true' });
  if (body !== null) sendUntagged(res, type, body);
  else res.end();
}
