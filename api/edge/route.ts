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
   * Set when the caller's role may only act on what is its own. A route without `owner` (a list) must limit itself to that; a route with `owner` was checked already.
   */
  readonly own: Caller | null;
  readonly requestId: string;
  /** Address of the client, as far as MAGAM_TRUST_PROXY reveals it. */
  readonly ip: string;
  readonly userAgent: string;
  /** For a route that reads the body itself. */
  readonly request: Request;
  /** The raw bytes of the body, if the route's `rawBody` limits how many it may have. */
  readonly bytes: Buffer;
  /** Throws VERSION_CONFLICT (412) when the request has an If-Match that is not this version. */
  readonly requireVersion: (version: number) => void;
  /**
   * Runs `work` in a transaction. If the request has an Idempotency-Key, the answer is kept in the same transaction. So it is given again, and the work is not done twice, even if
   * a process dies in between. `content` stands for a body that was not parsed (its hash).
   * What `work` throws undoes it. A refusal that it returns becomes the problem of its code, and what was written stays.
   */
  readonly transact: <R extends Reply>(work: (tx: Tx) => Promise<R | Refusal>, content?: string) => Promise<R>;
  /**
   * Runs `work` in a transaction before that of `transact`, which stays the last one and keeps the answer. Between the two the handler may call another system for up to 80 s: the
   * claim of the Idempotency-Key is renewed, and a call that has lost it does not commit. If the process dies, the next call under the key starts again, so the rows that a step
   * has written have to say how to continue.
   */
  readonly step: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /**
   * Carries the call out in one transaction with others that wait under the same group key; the work is the group's (`GroupCommit`). `replyOf` makes the answer from the result of
   * the work, within the transaction, and may ask for what follows the commit; a refusal becomes the problem of its
   * code. Under an Idempotency-Key the claim and the answer are in the same transaction.
   */
  readonly transactInGroup: <Input, Value, R extends Reply>(
    groups: GroupCommit<Input, Value>,
    groupKey: string,
    input: Input,
    replyOf: (value: Value) => R,
  ) => Promise<R>;
  /**
   * What `transact` and `transactInGroup` do after their transaction, before the answer: wake runners, evict caches. It is done even if the commit failed, because nobody may know
   * whether it took place; so it must be harmless in that case.
   */
  readonly afterCommit: (next: () => Promise<void>) => void;
  /**
   * Writes the change to the audit log, in the transaction of the change, if the caller is staff. Sellers and buyers change only what is their own.
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
  /** The answer names the version of what it shows in an ETag. Answers to GET with JSON always have one. */
  readonly etag?: boolean;
  /** Whether it has a Location. Default: with 201 and 202. */
  readonly location?: boolean;
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
  /** Names the call in the OpenAPI document and in clients made from it: a verb and what it acts on, such as `listOrders`. It never changes. */
  readonly operationId: string;
  /** One of `tags`. */
  readonly tag: string;
  /** One line, in the imperative. */
  readonly summary: string;
  readonly description?: string;
  readonly permission: Permission;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** The description of the body in OpenAPI, instead of `body`, if the handler checks parts of it itself. */
  readonly shownBody?: z.ZodType;
  /** A body that works with the sample data. The document shows it, and the documentation page fills it in. */
  readonly example?: NoInfer<z.input<Body>>;
  /** Query parameters that the documentation page fills in: without them the call is refused. The others it leaves empty. */
  readonly exampleQuery?: NoInfer<Partial<z.input<Query>>>;
  /**
   * The request's body has this type and is left to the handler; the rest is its description in OpenAPI. With `bytesMax` the body is read before the handler (`call.bytes`),
   * whatever type the request names; without it the handler reads the body (`call.request`).
   */
  readonly rawBody?: { readonly contentType: string; readonly description: string; readonly bytesMax?: number };
  /** Content types that `body` may have; default JSON. */
  readonly bodyType?: 'json' | 'form';
  readonly answer: Answer<Output>;
  /** An answer that is neither a success nor a problem document. */
  readonly otherAnswer?: {
    readonly status: number;
    readonly description: string;
    readonly schema?: z.ZodType;
    /** As in `answer`. */
    readonly location?: boolean;
  };
  /** Codes with which the handler may refuse, apart from those of every route. */
  readonly refusals?: readonly ErrorCode[];
  /** Middleware of this route alone (a limit), which runs after the body is parsed and before it is validated. */
  readonly before?: readonly RequestHandler[];
  /** Counts a call instead of the general limit (`limitOf`). Throws RATE_LIMITED. */
  readonly limit?: (req: Request, res: Response) => Promise<void>;
  /** For monitoring: callers do not sign in, and only the route's own limit counts them. */
  readonly probe?: boolean;
  /** Another system waits for the answer: a busy server has extra places for it. */
  readonly essential?: boolean;
  /** The body proves who calls; an access token, which may be stale, is ignored. */
  readonly provesIdentity?: boolean;
  /** Takes an Idempotency-Key: the handler does all its writing in `call.transact`. The edge throws if it did not call it. */
  readonly idempotent?: boolean;
  /**
   * Its calls are carried out in groups: the handler does all its writing in `call.transactInGroup`. A key is looked up before the handler and claimed
   * in the group's transaction. The edge throws if the handler did not call it.
   */
  readonly grouped?: boolean;
  /** Takes If-Match: the handler calls `call.requireVersion`. If it does not, the edge throws and the transaction does not commit. */
  readonly versioned?: boolean;
  /** The owner of the addressed object; throws when there is no such object; undefined when the call addresses no single object. */
  readonly owner?: (
    call: Pick<Call<z.output<Params>, z.output<Query>, z.output<Body>>, 'params' | 'query' | 'body' | 'signedIn'>,
  ) => Promise<Owner | undefined> | Owner | undefined;
  readonly handle: (
    call: Call<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<Reply<z.input<Output> | undefined> | StreamedReply>;
}

type AnyCall = Call<unknown, unknown, unknown>;

/** A route without its type parameters, as lists of routes hold it. */
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
