/** The call that a handler gets, and the check that the handler does what its route promises. */
import type { Request, Response } from 'express';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { recordAudit } from '../../infra/stores/audit-log.js';
import type { KeyIdentity } from '../../infra/stores/idempotency-key.js';
import { type Caller, grantTo, isStaff } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { GroupedKey, joinGroup, type LookUpKey } from './grouped-call.js';
import { type AskedIn, KeyedCall, readKey, requestHash } from './idempotency.js';
import { languageOf } from './problem.js';
import { versionTag } from './reply.js';
import { type RequestState, requestState } from './request-state.js';
import type { Call, Route } from './route.js';

/** A call under an Idempotency-Key; the body's content is known later when the handler reads it itself. */
export interface Keyed {
  begin(content: unknown): Promise<void>;
  step: KeyedCall['step'];
  transact: KeyedCall['transact'];
  fail: KeyedCall['fail'];
  /** Set where the route's calls are carried out in groups. */
  readonly grouped?: GroupedKey;
}

/** What the keys of calls need of the edge. */
interface KeyEdge {
  readonly db: Db;
  readonly hashKey: string;
  readonly formerHashKeys?: readonly string[];
  readonly lookUpKey: LookUpKey;
}

/** The key of the request, if its route takes one. */
export function keyedCall(
  route: Route,
  { db, hashKey, formerHashKeys = [], lookUpKey }: KeyEdge,
  req: Request,
  res: Response,
): Keyed | undefined {
  const key = route.idempotent === true ? readKey(req.get('idempotency-key')) : undefined;
  const { caller } = requestState(res);
  if (key === undefined || caller === undefined) return undefined;
  const identityOf = (content: unknown): KeyIdentity => {
    const asked = JSON.stringify(content) ?? '';
    const hashUnder = (secret: string): string => requestHash(secret, req.method, req.originalUrl, asked);
    const { accountId } = caller;
    return { accountId, key, requestHash: hashUnder(hashKey), formerHashes: formerHashKeys.map(hashUnder) };
  };
  if (route.grouped === true) return groupedCall(route, new GroupedKey(db, lookUpKey), identityOf);
  let call: KeyedCall | undefined;
  const claimed = (): KeyedCall => {
    if (call === undefined) throw new Error('the key was not claimed');
    return call;
  };
  return {
    begin: async (content) => {
      const opened = new KeyedCall(db, identityOf(content));
      await opened.begin();
      call = opened;
    },
    step: (work) => claimed().step(work),
    transact: (work, asked) => claimed().transact(work, asked),
    fail: async (failure, requestId, language) => call?.fail(failure, requestId, language),
  };
}

const groupedCall = (route: Route, grouped: GroupedKey, identityOf: (content: unknown) => KeyIdentity): Keyed => ({
  grouped,
  begin: (content) => grouped.begin(identityOf(content)),
  step: () => Promise.reject(forgotten(route, 'grouped', 'transactInGroup')),
  transact: () => Promise.reject(forgotten(route, 'grouped', 'transactInGroup')),
  fail: (failure, requestId, language) => grouped.fail(failure, requestId, language),
});

type AnyCall = Call<unknown, unknown, unknown>;

/**
 * The call that the handler gets. A handler that forgot the version is found before its transaction commits. The members of the call are made on first use, because most handlers
 * use only two or three of them.
 */
export class HandledCall implements AnyCall {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  private transacted = false;
  private versionAsked = false;
  private afterwards: (() => Promise<void>)[] = [];

  constructor(
    private readonly route: Route,
    private readonly db: Db,
    readonly request: Request,
    private readonly state: RequestState,
    valid: Pick<AnyCall, 'params' | 'query' | 'body'>,
    private readonly keyed: Keyed | undefined,
  ) {
    this.params = valid.params;
    this.query = valid.query;
    this.body = valid.body;
  }

  /** Throws if the handler did not do what its route promises. That is an error of the program, which the first test of the route finds. */
  requireKept(): void {
    if (this.route.grouped === true && !this.transacted) throw forgotten(this.route, 'grouped', 'transactInGroup');
    if (this.route.idempotent === true && !this.transacted) throw forgotten(this.route, 'idempotent', 'transact');
    if (this.route.versioned === true && !this.versionAsked) throw forgotten(this.route, 'versioned', 'requireVersion');
  }

  get caller(): Caller | null {
    return this.state.caller ?? null;
  }

  get signedIn(): Caller {
    if (this.state.caller === undefined) throw new MagamError('SIGN_IN_REQUIRED');
    return this.state.caller;
  }

  get own(): Caller | null {
    const { caller } = this;
    return caller !== null && grantTo(this.route.permission, caller) === 'own' ? caller : null;
  }

  get requestId(): string {
    return this.state.requestId;
  }

  get ip(): string {
    return this.state.ip ?? '';
  }

  get userAgent(): string {
    return (this.request.get('user-agent') ?? '').slice(0, 255);
  }

  get requireVersion(): AnyCall['requireVersion'] {
    return (version) => {
      this.versionAsked = true;
      requireVersion(this.request.get('if-match'), version);
    };
  }

  get bytes(): Buffer {
    const { body } = this.request;
    return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  }

  get step(): AnyCall['step'] {
    return (work) =>
      this.followed(() => {
        const attempt = (tx: Tx) => {
          this.afterwards = [];
          return work(tx);
        };
        return this.keyed === undefined ? inTransaction(this.db, attempt) : this.keyed.step(attempt);
      });
  }

  get transact(): AnyCall['transact'] {
    return async (work, content) => {
      this.transacted = true;
      const attempt: typeof work = async (tx) => {
        this.afterwards = []; // requests of an attempt that was rolled back do not count
        const reply = await work(tx);
        this.requireKept();
        return reply;
      };
      const outcome = await this.followed(async () => {
        if (this.keyed === undefined) return inTransaction(this.db, attempt);
        if (this.route.rawBody !== undefined) await this.keyed.begin(content);
        return this.keyed.transact(attempt, this.askedIn);
      });
      return decided(outcome);
    };
  }

  /** Carries out a transaction, and then the actions that were registered to follow it. */
  private async followed<T>(transaction: () => Promise<T>): Promise<T> {
    this.afterwards = [];
    try {
      return await transaction();
    } finally {
      for (const next of this.afterwards) await next();
    }
  }

  private get askedIn(): AskedIn {
    return { requestId: this.requestId, language: languageOf(this.request) };
  }

  get transactInGroup(): AnyCall['transactInGroup'] {
    return async (groups, groupKey, input, replyOf) => {
      if (this.route.grouped !== true) throw new Error(`${this.route.path} is not grouped.`);
      this.transacted = true;
      const attempt: typeof replyOf = (value) => {
        this.afterwards = []; // as in `transact`
        const reply = replyOf(value);
        this.requireKept();
        return reply;
      };
      return this.followed(() => joinGroup(groups, groupKey, input, attempt, this.keyed?.grouped, this.askedIn));
    };
  }

  get afterCommit(): AnyCall['afterCommit'] {
    return (next) => void this.afterwards.push(next);
  }

  get audit(): AnyCall['audit'] {
    return async (tx, action, [subjectType, subjectId], { before, after }) => {
      const { signedIn: caller, requestId } = this;
      const entry = { action, subjectType, subjectId: String(subjectId), before, after };
      if (isStaff(caller.role)) await recordAudit(tx, { caller, requestId, ...entry });
    };
  }
}

const forgotten = (
  { method, path }: Route,
  promise: 'idempotent' | 'versioned' | 'grouped',
  means: keyof Call<0, 0, 0>,
): Error => new Error(`${method.toUpperCase()} ${path} is ${promise}, but its handler did not call ${means}.`);

function requireVersion(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  // A proxy that compresses answers makes the tags weak; the version in them counts all the same.
  const tags = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  // After a dot the tag of a ready-made text names its bytes: "v3.…"
  const wanted = versionTag(version);
  const names = (tag: string): boolean => tag === wanted || tag.startsWith(`${wanted.slice(0, -1)}.`);
  if (!tags.some(names)) throw new MagamError('VERSION_CONFLICT');
}
