/** The call that a handler gets, and whether the handler does what its route promises. */
import type { Request, Response } from 'express';
import { type Db, inTransaction } from '../../infra/database.js';
import { recordAudit } from '../../infra/stores/audit-log.js';
import { grantOf, isStaff } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { KeyedCall, readKey, requestHash } from './idempotency.js';
import { versionTag } from './reply.js';
import { requestState } from './request-state.js';
import type { Call, Route } from './route.js';

/** A call under an Idempotency-Key; the body's content is known later when the handler reads it itself. */
export interface Keyed {
  begin(content: unknown): Promise<void>;
  transact: KeyedCall['transact'];
  fail: KeyedCall['fail'];
}

/** The key of the request, if its route takes one. */
export function keyedCall(
  route: Route,
  { db, hashKey }: { readonly db: Db; readonly hashKey: string },
  req: Request,
  res: Response,
): Keyed | undefined {
  const key = route.idempotent === true ? readKey(req.get('idempotency-key')) : undefined;
  const { caller } = requestState(res);
  if (key === undefined || caller === undefined) return undefined;
  let call: KeyedCall | undefined;
  return {
    begin: async (content) => {
      const hash = requestHash(hashKey, req.method, req.originalUrl, JSON.stringify(content) ?? '');
      const opened = new KeyedCall(db, { accountId: caller.accountId, key, requestHash: hash });
      await opened.begin();
      call = opened;
    },
    transact: (work) => {
      if (call === undefined) throw new Error('the key was not claimed');
      return call.transact(work);
    },
    fail: async (failure, requestId) => call?.fail(failure, requestId),
  };
}

export interface HandledCall {
  readonly call: Call<unknown, unknown, unknown>;
  /** Throws where the handler did not do what its route promises: an error of the program, which the first test of the route finds. */
  readonly requireKept: () => void;
}

/** The call that the handler gets. A handler that forgot the version is found before its transaction commits. */
export function callOf(
  route: Route,
  db: Db,
  req: Request,
  res: Response,
  valid: Pick<Call<unknown, unknown, unknown>, 'params' | 'query' | 'body'>,
  keyed: Keyed | undefined,
): HandledCall {
  const { requestId, caller } = requestState(res);
  let transacted = false;
  let versionAsked = false;
  let afterwards: (() => Promise<void>)[] = [];
  const requireKept = (): void => {
    if (route.idempotent === true && !transacted) throw forgotten(route, 'idempotent', 'transact');
    if (route.versioned === true && !versionAsked) throw forgotten(route, 'versioned', 'requireVersion');
  };
  const signedIn = () => {
    if (caller === undefined) throw new MagamError('SIGN_IN_REQUIRED');
    return caller;
  };
  const call: Call<unknown, unknown, unknown> = {
    ...valid,
    caller: caller ?? null,
    get signedIn() {
      return signedIn();
    },
    own: caller !== undefined && grantOf(route.permission, caller.role) === 'own' ? caller : null,
    requestId,
    ip: req.ip ?? '',
    userAgent: (req.get('user-agent') ?? '').slice(0, 255),
    request: req,
    requireVersion: (version) => {
      versionAsked = true;
      requireVersion(req.get('if-match'), version);
    },
    transact: async (work, content) => {
      transacted = true;
      const attempt: typeof work = async (tx) => {
        afterwards = []; // what an attempt that was rolled back asked for does not count
        const reply = await work(tx);
        requireKept();
        return reply;
      };
      try {
        if (keyed === undefined) return await inTransaction(db, attempt);
        if (route.rawBody !== undefined) await keyed.begin(content);
        return await keyed.transact(attempt);
      } finally {
        for (const next of afterwards) await next();
      }
    },
    afterCommit: (next) => void afterwards.push(next),
    audit: async (tx, action, [subjectType, subjectId], { before, after }) => {
      const entry = { action, subjectType, subjectId: String(subjectId), before, after };
      if (isStaff(signedIn().role)) await recordAudit(tx, { caller: signedIn(), requestId, ...entry });
    },
  };
  return { call, requireKept };
}

const forgotten = ({ method, path }: Route, promise: 'idempotent' | 'versioned', means: keyof Call<0, 0, 0>): Error =>
  new Error(`${method.toUpperCase()} ${path} is ${promise}, but its handler did not call ${means}.`);

function requireVersion(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  // A proxy that packs answers makes the tags weak; a version is one all the same.
  const tags = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  // After a dot the tag of a ready-made text names its bytes: "v3.…"
  const wanted = versionTag(version);
  const names = (tag: string): boolean => tag === wanted || tag.startsWith(`${wanted.slice(0, -1)}.`);
  if (!tags.some(names)) throw new MagamError('VERSION_CONFLICT');
}
