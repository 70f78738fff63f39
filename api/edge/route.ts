/**
 * A route as data: one definition validates the request, types the handler, says who may call it, and becomes the route's part of the
 * OpenAPI document. A capability's folder has one file per use case, each exporting a function that takes what it needs and returns a route.
 */
import type { Request, RequestHandler, Response } from 'express';
import type * as z from 'zod';
import type { Tx } from '../../infra/database.js';
import type { GroupCommit } from '../../infra/group-commit.js';
import type { Caller, Owner, Permission } from '../../kernel/access.js';
import type { AuditSubject } from '../../kernel/audit-subject.js';
import type { ErrorCode, Refusal } from '../../kernel/errors.js';
import type { Reply, StreamedReply } from './reply.js';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** A request that passed its schema and the access table. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Null on a public route without an access token. */
  readonly caller: Caller | null;
  /** The caller, where the access table asks for one. */
  readonly signedIn: Caller;
  /**
   * Set when the caller's role may only act on what is its own. A route without `owner` (a list) must confine itself to it; a route
   * with `owner` was checked already.
   */
  readonly own: Caller | null;
  readonly requestId: string;
  /** Address of the client, as far as MAGAM_TRUST_PROXY lets it be known. */
  readonly ip: string;
  readonly userAgent: string;
  /** For a route that takes the body as it comes. */
  readonly request: Request;
  /** The body as it came, where the route's `rawBody` says how many bytes it may have. */
  readonly bytes: Buffer;
  /** Throws VERSION_CONFLICT (412) when the request has an If-Match that is not this version. */
  readonly requireVersion: (version: number) => void;
  /**
   * Runs `work` in a transaction. Where the request has an Idempotency-Key the answer is kept in the same transaction, so it is
   * given again, and the work is not done again, whatever dies in between. `content` stands for a body that was not parsed (its hash).
   * What `work` throws undoes it. A refusal that it returns becomes the problem of its code, and what was written stays.
   */
  readonly transact: <R extends Reply>(work: (tx: Tx) => Promise<R | Refusal>, content?: string) => Promise<R>;
  /**
   * Runs `work` in a transaction before that of `transact`, which stays the last one and keeps the answer. Between the two the handler may call
   * the outside for 80 s: the claim of the Idempotency-Key is renewed, and a call that has lost it does not commit. Whoever comes back under the key
   * after a death begins anew, so what a step has written has to say how to go on.
   */
  readonly step: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /**
   * Carries the call out in one transaction with others that wait under the same group key; the work is the group's (`GroupCommit`). `replyOf` makes the
   * answer of what the work brought, within the transaction, and may ask for what follows the commit; a refusal becomes the problem of its
   * code. Under an Idempotency-Key the claim and the answer are in the same transaction.
   */
  readonly transactInGroup: <Input, Value, R extends Reply>(
    groups: GroupCommit<Input, Value>,
    groupKey: string,
    input: Input,
    replyOf: (value: Value) => R,
  ) => Promise<R>;
  /**
   * What `transact` and `transactInGroup` do after their transaction, before the answer: wake runners, evict caches. Also when the commit failed, because nobody
   * may know whether it was carried out; so it must do no harm then.
   */
  readonly afterCommit: (next: () => Promise<void>) => void;
  /**
   * Writes to the audit log what was changed, in the transaction of the change, where the caller is staff: staff answer for what they
   * change, sellers and buyers change what is their own.
   */
  readonly audit: (
    tx: Tx,
    action: string,
    subject: readonly [type: AuditSubject, id: string | number],
    change: { readonly before: unknown; readonly after: unknown },
  ) => Promise<void>;
}

/** A successful answer of a route. Without a schema the body is empty, or `contentType` says what it is. */
export interface Answer<Schema extends z.ZodType = z.ZodType> {
  readonly status: 200 | 201 | 202 | 204;
  readonly description: string;
  readonly schema?: Schema;
  /** Default application/json. */
  readonly contentType?: string;
  /** Further content types, of the same answer in another form (text/csv). */
  readonly alsoAs?: readonly string[];
}

export interface RouteDefinition<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Output extends z.ZodType,
> {
  readonly method: Method;
  /** As OpenAPI writes it: /v1/products/{productId}. */
  readonly path: string;
  readonly tag: string;
  /** One line, in the imperative. */
  readonly summary: string;
  readonly description?: string;
  readonly permission: Permission;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /**
   * The request's body is of this type and is left to the handler; what OpenAPI says of it. With `bytesMax` it is read before (`call.bytes`), whatever
   * type the request gives it; without, the handler reads it (`call.request`).
   */
  readonly rawBody?: { readonly contentType: string; readonly description: string; readonly bytesMax?: number };
  /** Content types that `body` may have; default JSON. */
  readonly bodyType?: 'json' | 'form';
  readonly answer: Answer<Output>;
  /** An answer that is no success and no problem document either. */
  readonly otherAnswer?: { readonly status: number; readonly description: string; readonly schema?: z.ZodType };
  /** Codes that the handler may refuse with, beside those that any route has. */
  readonly refusals?: readonly ErrorCode[];
  /** Middleware of this route alone (a limit), after the body was parsed and before it is looked at. */
  readonly before?: readonly RequestHandler[];
  /** Counts a call in place of the general limit (`limitOf`). Throws RATE_LIMITED. */
  readonly limit?: (req: Request, res: Response) => Promise<void>;
  /** Asked by machines that watch the server: nobody signs in, and only a limit of its own counts it. */
  readonly probe?: boolean;
  /** The outside waits for its answer: a busy server has further places for it. */
  readonly essential?: boolean;
  /** The caller proves by the body who they are; an access token, stale perhaps, is not looked at. */
  readonly provesIdentity?: boolean;
  /** Takes an Idempotency-Key: the handler does all its writing in `call.transact`. The edge throws where it did not call it. */
  readonly idempotent?: boolean;
  /**
   * Its calls are carried out in groups: the handler does all its writing in `call.transactInGroup`. A key is looked up before the handler and claimed
   * in the group's transaction. The edge throws where the handler did not call it.
   */
  readonly grouped?: boolean;
  /** Takes If-Match: the handler calls `call.requireVersion`. The edge throws, and the transaction does not commit, where it did not. */
  readonly versioned?: boolean;
  /** Whose the addressed thing is; throws when there is no such thing; undefined when nothing particular is addressed. */
  readonly owner?: (
    call: Pick<Call<z.output<Params>, z.output<Query>, z.output<Body>>, 'params' | 'query' | 'body' | 'signedIn'>,
  ) => Promise<Owner | undefined> | Owner | undefined;
  readonly handle: (
    call: Call<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<Reply<z.input<Output> | undefined> | StreamedReply>;
}

type AnyCall = Call<unknown, unknown, unknown>;

/** A route whose types have served their purpose. */
export type Route = Omit<
  RouteDefinition<z.ZodType, z.ZodType, z.ZodType, z.ZodType>,
  'owner' | 'handle' | 'params' | 'query'
> & {
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly owner?: (
    call: Pick<AnyCall, 'params' | 'query' | 'body' | 'signedIn'>,
  ) => Promise<Owner | undefined> | Owner | undefined;
  readonly handle: (call: AnyCall) => Promise<Reply | StreamedReply>;
};

/** Defines a route. */
export function route<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodUndefined,
  Output extends z.ZodType = z.ZodUndefined,
>(definition: RouteDefinition<Params, Query, Body, Output>): Route {
  return definition as unknown as Route;
}
