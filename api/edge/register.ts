/** Mounts routes: who calls, how often, may they, is it well formed, whose is it, was it asked before; then the handler and its answer. */
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import type { Db } from '../../infra/database.js';
import { type Caller, grantOf, isPublic, owns } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { bodyWithin } from './body-deadline.js';
import { callOf, keyedCall } from './call.js';
import { Replayed } from './idempotency.js';
import { bigintAsText, failureOf } from './problem.js';
import { isStreamed, type Reply, type StreamedReply } from './reply.js';
import { requestState } from './request-state.js';
import type { Call, Route } from './route.js';
import { validate } from './validate.js';

export interface Edge {
  readonly db: Db;
  /** Who a bearer token stands for. Throws TOKEN_INVALID. */
  readonly authenticate: (token: string) => Promise<Caller>;
  readonly limit: RequestHandler;
  /** With which the hashes of what was asked are keyed; the same on all servers. */
  readonly hashKey: string;
  /** Aborted when the server is told to stop. */
  readonly draining: AbortSignal;
}

const BODY_BYTES_MAX = 256 * 1024;

/** How long such a body may take to arrive (ms). */
const timely = bodyWithin(30_000);

const parsers: Readonly<Record<'json' | 'form', RequestHandler>> = {
  json: express.json({ limit: BODY_BYTES_MAX, strict: false }),
  form: express.urlencoded({ limit: BODY_BYTES_MAX, extended: false, parameterLimit: 50 }),
};

/** Mounts the routes on the app; other methods on their paths answer METHOD_NOT_ALLOWED. */
export function register(app: Express, routes: readonly Route[], edge: Edge): void {
  const identify: RequestHandler = async (req, res, next) => {
    try {
      const caller = await callerOf(req, edge);
      if (caller !== null) requestState(res).caller = caller;
    } catch (refusal) {
      // Counted by its address: looking at a token that is none, or is signed out, is work too.
      return edge.limit(req, res, (limited?: unknown) => next(limited ?? refusal));
    }
    next();
  };
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const path = expressPath(route.path);
    methods.set(path, [...(methods.get(path) ?? []), route.method.toUpperCase()]);
    const name: RequestHandler = (_req, res, next) => {
      requestState(res).route = route.path;
      next();
    };
    const parse = route.body === undefined ? [] : [timely, parsers[route.bodyType ?? 'json']];
    const allow: RequestHandler = (_req, res, next) => {
      requireRole(route, requestState(res).caller);
      next();
    };
    const who = route.provesIdentity === true ? [] : [identify];
    const entry = route.probe === true ? [] : [...who, edge.limit, allow];
    app[route.method](path, name, ...entry, ...parse, ...(route.before ?? []), (req, res) =>
      answer(route, edge, req, res),
    );
  }
  for (const [path, known] of methods) app.all(path, refuseMethod(known));
}

const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

function refuseMethod(methods: readonly string[]): RequestHandler {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return (req, res) => {
    res.set('Allow', allow);
    if (req.method !== 'OPTIONS') throw new MagamError('METHOD_NOT_ALLOWED');
    res.status(204).end();
  };
}

async function callerOf(req: Request, edge: Edge): Promise<Caller | null> {
  const header = req.get('authorization');
  // Basic: credentials of an OAuth client (RFC 6749, 2.3.1), or of a proxy. We have no clients, and it signs nobody in.
  if (header === undefined || /^Basic /i.test(header)) return null;
  const token = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(header)?.[1];
  if (token === undefined) throw new MagamError('TOKEN_INVALID');
  return edge.authenticate(token);
}

function requireRole(route: Route, caller: Caller | undefined): void {
  if (isPublic(route.permission)) return;
  if (caller === undefined) throw new MagamError('SIGN_IN_REQUIRED');
  if (grantOf(route.permission, caller.role) === undefined) throw new MagamError('FORBIDDEN');
}

async function answer(route: Route, edge: Edge, req: Request, res: Response): Promise<void> {
  const valid = validate(route, req);
  const keyed = keyedCall(route, edge, req, res);
  const { call, requireKept } = callOf(route, edge.db, req, res, valid, keyed);
  try {
    if (keyed !== undefined && route.rawBody === undefined) await keyed.begin(valid.body);
    await requireOwner(route, call);
    const reply = await route.handle(call);
    requireKept();
    await send(reply, req, res, edge);
  } catch (error) {
    if (error instanceof Replayed) return resend(error, res);
    await keyed?.fail(failureOf(error), requestState(res).requestId);
    throw error;
  }
}

async function requireOwner(route: Route, call: Call<unknown, unknown, unknown>): Promise<void> {
  if (route.owner === undefined || call.own === null) return;
  const owner = await route.owner(call);
  if (owner !== undefined && !owns(call.own, owner)) throw new MagamError('FORBIDDEN');
}

/** Answers are for the one who asked, unless the route says otherwise. */
const defaultHeaders = { 'Cache-Control': 'no-store' };

async function send(reply: Reply | StreamedReply, req: Request, res: Response, edge: Edge): Promise<void> {
  res.status(reply.status).set({ ...defaultHeaders, ...reply.headers });
  if (isStreamed(reply)) return stream(reply, req, res, edge);
  if (reply.octets !== undefined) {
    res.type('application/json').set('Content-Length', String(reply.octets.length)).end(reply.octets, 'latin1');
  } else if (reply.json !== undefined) res.type('application/json').send(reply.json);
  else if (reply.body === undefined) res.end();
  else res.type('application/json').send(JSON.stringify(reply.body, bigintAsText));
}

async function stream(reply: StreamedReply, req: Request, res: Response, edge: Edge): Promise<void> {
  const gone = new AbortController();
  res.on('close', () => gone.abort());
  res.set('Content-Type', reply.contentType);
  if (req.method === 'HEAD') return void res.end();
  const signal = reply.endless === true ? AbortSignal.any([gone.signal, edge.draining]) : gone.signal;
  try {
    await reply.write(res, signal);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
  if (!res.writableEnded) res.end();
}

function resend({ answer: { status, headers, body } }: Replayed, res: Response): void {
  res.status(status).set({ ...defaultHeaders, 'Content-Type': 'application/json; charset=utf-8', ...headers });
  res.set('Idempotency-Replayed', 'true');
  if (body !== null) res.send(body);
  else {
    res.removeHeader('Content-Type');
    res.end();
  }
}
