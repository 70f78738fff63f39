/** The edge of the server: who is let in, what of a request is taken, and what an answer says. */
const register = { file: 'api/edge/register.ts' };
const fuzz = 'test/api/edge/fuzz.long.test.ts';
const roles = 'test/api/edge/roles.test.ts';
const secondFactor = { tests: 'test/api/accounts/second-factor.test.ts', only: 'does nothing but set it up' };
const unasked = { file: 'api/edge/validate.ts', tests: 'test/api/edge/unasked.test.ts' };
const answers = 'test/api/edge/answers.test.ts';
const cors = { file: 'api/edge/cross-origin.ts', tests: 'test/api/edge/cross-origin.test.ts' };
const downloads = { file: 'api/edge/download.ts', tests: 'test/api/settlements/downloads.test.ts' };
const stalled = { file: 'api/edge/download.ts', tests: 'test/api/edge/download.test.ts', quick: true };
const metrics = { file: 'api/server/read-metrics.ts', tests: answers, only: 'shows metrics' };
const events = { file: 'api/events/routes.ts', tests: 'test/api/events/events.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...register,
    tests: 'test/api/accounts/refresh.test.ts',
    name: 'a stale token keeps a client from signing in again',
    from: 'route.provesIdentity !== true && req.headers.authorization',
    to: 'req.headers.authorization',
    only: 'stale access token',
  },
  {
    ...register,
    ...secondFactor,
    name: 'who lacks the second factor may do everything',
    from: 'caller.secondFactorMissing === true && !needsNoSecondFactor(permission)',
    to: 'false',
  },
  {
    ...register,
    ...secondFactor,
    name: 'who lacks the second factor sees on public pages what others do not',
    from: 'if (caller !== null && !(isPublic(route.permission) && caller.secondFactorMissing === true))',
    to: 'if (caller !== null)',
  },
  {
    ...metrics,
    ...secondFactor,
    name: 'metrics are shown without the second factor',
    from: "if (caller.secondFactorMissing === true) throw new MagamError('SECOND_FACTOR_REQUIRED');",
    to: '',
  },
  {
    ...metrics,
    name: 'whoever has signed in reads the metrics',
    from: "if (grantTo('metrics.read', caller) === undefined) throw new MagamError('FORBIDDEN');",
    to: '',
  },
  {
    ...metrics,
    name: 'any token reads the metrics',
    from: 'timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)))',
    to: 'sha256(a).length === sha256(b).length',
  },
  {
    ...register,
    tests: roles,
    name: 'the role of a caller is not looked at',
    from: "if (grantOf(permission, caller.role) === undefined) throw new MagamError('FORBIDDEN');",
    to: 'if (grantOf(permission, caller.role) === undefined) return;',
    only: 'is let in by the routes',
  },
  {
    ...register,
    tests: 'test/api/api-keys/api-keys.test.ts',
    name: 'the permissions of a key are not looked at',
    from: 'if (grantTo(permission, caller) === undefined)\n',
    to: 'if (false)\n',
    only: 'has the permissions that it was given',
  },
  {
    ...register,
    tests: roles,
    name: 'what belongs to others is open',
    from: "if (owner !== undefined && !owns(call.own, owner)) throw new MagamError('FORBIDDEN');",
    to: '',
    only: 'what is own',
  },
  {
    file: 'api/edge/own-seller.ts',
    tests: 'test/api/edge/roles.test.ts',
    name: 'a list is not confined where the caller has no business',
    from: "if (own.sellerId === null) throw new MagamError('FORBIDDEN');",
    to: '',
    equivalent: 'a CHECK of the table gives every account with the role seller a business',
  },
  {
    file: 'api/edge/authenticate.ts',
    tests: 'test/api/api-keys/api-keys.test.ts',
    name: 'the key of a locked account opens',
    from: "if (state.status === 'LOCKED') throw",
    to: 'if (false) throw',
    only: 'ends with its time, with its account',
  },
  {
    ...unasked,
    name: 'a body that nobody reads is taken',
    from: 'if (route.probe !== true) faults.push(...unasked(route, req));',
    to: '',
  },
  {
    ...unasked,
    tests: fuzz,
    name: 'a filter that is misspelt is ignored',
    from: '(route.probe === true ? undefined : noQuery)',
    to: 'undefined',
    only: 'query that it does not know',
  },
  {
    ...unasked,
    tests: fuzz,
    name: 'a body of another type counts as none',
    from: "if (hasBody(req) && req.body === undefined) throw new MagamError('UNSUPPORTED_MEDIA_TYPE');",
    to: '',
    only: 'bodies',
  },
  {
    ...unasked,
    tests: fuzz,
    name: 'an answer names every field of a thousand that are not known',
    from: 'issue.keys.slice(0, 20)',
    to: 'issue.keys',
    only: 'with thousands of unknown',
  },
  {
    file: 'api/edge/problem.ts',
    tests: 'test/api/edge/promises.test.ts',
    name: 'an answer tells what went wrong inside',
    from: 'http >= 500 ? meaning : error.message',
    to: 'error.message',
  },
  {
    file: 'api/edge/request-state.ts',
    tests: answers,
    name: 'an id of a request may hold anything',
    from: "typeof given === 'string' && REQUEST_ID.test(given)",
    to: "typeof given === 'string'",
    only: 'are taken from the client when harmless',
  },
  {
    file: 'api/edge/request-log.ts',
    tests: 'test/api/edge/request-log.test.ts',
    name: 'the log has the query of a request',
    from: 'path: pathOf(req.originalUrl)',
    to: 'path: req.originalUrl',
  },
  {
    file: 'api/edge/every-request.ts',
    tests: answers,
    name: 'answers have no protective headers',
    from: 'for (const [name, value] of headers) res.setHeader(name, value);',
    to: '',
    only: 'security headers',
  },
  {
    ...cors,
    name: 'pages of every origin may call',
    from: 'origin: [...origins],',
    to: 'origin: true,',
    only: 'of another origin',
  },
  {
    ...cors,
    name: 'every OPTIONS is taken for the question of a browser',
    from: "if (req.method === 'OPTIONS' && !asksWhetherItMay) return next(req, res, done);",
    to: '',
    only: 'is told from other questions',
  },
  {
    file: 'api/edge/cursor.ts',
    tests: 'test/api/api-keys/api-keys.test.ts',
    name: 'a cursor of another list is taken',
    from: 'name === list && parsed.success',
    to: 'parsed.success',
    only: 'by the cursor of another list',
  },
  {
    ...downloads,
    name: 'the name of a download is what the query says',
    from: "name.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 120)",
    to: 'name',
  },
  {
    ...stalled,
    name: 'whoever takes nothing of a download keeps its connection',
    from: "setTimeout(() => stalled.abort(new Error('the reader of a download does not read')), STALL_MS)",
    to: 'setTimeout(() => undefined, STALL_MS)',
  },
  {
    ...stalled,
    name: 'whoever takes a download slowly loses its connection',
    from: '.finally(() => clearTimeout(timer))',
    to: '',
  },
  {
    file: 'api/main.ts',
    tests: 'test/api/edge/guards.test.ts',
    name: 'a server listens with keys that everybody knows',
    from: '  requireKeys(config);\n',
    to: '',
    only: 'keys that everybody knows',
  },
  {
    file: 'api/edge/idempotency.ts',
    tests: 'test/api/edge/idempotency.test.ts',
    name: 'a refusal for being too fast is kept as the answer',
    from: 'http !== 429 && ',
    to: '',
    only: 'is kept as the answer',
  },
  {
    ...events,
    name: 'who waits for events is told of them after being locked',
    from: "if (!(await stand([signedIn])).has(signedIn)) throw new MagamError('TOKEN_INVALID');",
    to: '',
    only: 'once its account is locked',
  },
  {
    ...events,
    name: 'sellers ask for types that are not theirs',
    from: 'requireTypes(types, reader.sellerId);',
    to: '',
  },
  {
    file: 'api/events/event-watch.ts',
    tests: 'test/api/events/event-watch.test.ts',
    // Not quick: its test waits for its time limit where the guard is missing.
    name: 'any number of calls wait for events',
    from: 'others.length >= ofAll || ',
    to: '',
  },
];
