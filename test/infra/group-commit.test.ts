/** Calls in groups: one transaction, an outcome for each, and a known end whatever breaks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { change, type Db, openDatabase, select, type Tx } from '../../infra/database.js';
import { GroupCommit, type GroupOptions } from '../../infra/group-commit.js';
import type { Member, MemberOutcome } from '../../infra/group-work.js';
import { claimKey } from '../../infra/stores/idempotency-key.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { type Cut, startProxy } from '../../scripts/chaos/tcp-proxy.mjs';
import { createTestDatabase, inStatement, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let other: Db;
/** The inputs of each time that the work was done. */
let worked: string[][];

beforeAll(async () => {
  database = await createTestDatabase();
  other = openDatabase(database.url, { poolMax: 3 });
  await database.db.raw('CREATE TABLE made (made_id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL)');
});
afterAll(async () => {
  await other?.destroy();
  await database?.drop();
});
beforeEach(async () => {
  worked = [];
  await database.db.raw('DELETE FROM made');
  await database.db.raw('DELETE FROM idempotency_key');
});

/** Makes a row of each input; one that begins with "no" is refused, one that begins with "bad" cannot be stored. */
async function makeAll(tx: Tx, inputs: readonly string[]): Promise<(string | Refusal)[]> {
  worked.push([...inputs]);
  const outcomes: (string | Refusal)[] = [];
  for (const name of inputs) {
    if (name.startsWith('no')) {
      outcomes.push(refuse('ACCOUNT_NOT_FOUND', { name }));
      continue;
    }
    await change(tx, 'INSERT INTO made (name) VALUES (?)', [name.startsWith('bad') ? null : name]);
    outcomes.push(`made ${name}`);
  }
  return outcomes;
}

type Options = Partial<GroupOptions<string, string>>;
const groupsOn = (db: Db, options: Options = {}) => new GroupCommit<string, string>(db, { work: makeAll, ...options });
const member = (input: string, key?: string, requestHash = 'a'.repeat(64)): Member<string, string> => ({
  input,
  answerOf: (outcome) =>
    isRefusal(outcome)
      ? { status: 404, headers: {}, body: JSON.stringify(outcome.refused) }
      : { status: 201, headers: { Location: input }, body: JSON.stringify(outcome) },
  ...(key === undefined ? {} : { key: { accountId: 7, key, requestHash } }),
});
const made = async (): Promise<string[]> =>
  (await select<{ name: string }>(database.db, 'SELECT name FROM made ORDER BY name')).map(({ name }) => name);
const keys = async (): Promise<string[]> =>
  (
    await select<{ k: string }>(
      database.db,
      "SELECT CONCAT(idempotency_key, ' ', status) AS k FROM idempotency_key WHERE account_id = 7 ORDER BY 1",
    )
  ).map(({ k }) => k);
const done = (value: string): MemberOutcome<string> => ({ outcome: 'done', value });
const answered = (input: string) => ({
  outcome: 'answered',
  answer: { status: 201, headers: { Location: input }, body: JSON.stringify(`made ${input}`) },
});

/** Opens when the test says so. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('calls that wait at the same moment', () => {
  it('are carried out in one transaction, and a refusal of one undoes none of the others', async () => {
    const groups = groupsOn(database.db);
    const outcomes = await Promise.all(
      [member('a', 'ka'), member('no', 'kno'), member('b'), member('c', 'kc')].map((one) => groups.join('g', one)),
    );
    expect(outcomes).toEqual([
      done('made a'),
      { outcome: 'done', value: refuse('ACCOUNT_NOT_FOUND', { name: 'no' }) },
      done('made b'),
      done('made c'),
    ]);
    expect(worked).toEqual([['a', 'no', 'b', 'c']]);
    expect(await made()).toEqual(['a', 'b', 'c']);
    expect(await keys()).toEqual(['ka DONE', 'kc DONE', 'kno DONE']);
  });

  it('go into the next group while one is under way, and not into that of another group key', async () => {
    const { opened, open } = gate();
    const begun = gate();
    const groups = groupsOn(database.db, {
      membersMax: 3,
      work: async (tx, inputs) => {
        if (inputs.includes('first')) {
          begun.open();
          await opened;
        }
        return makeAll(tx, inputs);
      },
    });
    const first = groups.join('g', member('first'));
    await begun.opened;
    const next = ['a', 'b', 'c', 'd'].map((name) => groups.join('g', member(name)));
    expect(await groups.join('elsewhere', member('z'))).toEqual(done('made z'));
    open();
    await Promise.all([first, ...next]);
    expect(worked).toEqual([['z'], ['first'], ['a', 'b', 'c'], ['d']]);
  });

  it('are refused when too many wait', async () => {
    const groups = groupsOn(database.db, { waitingMax: 2 });
    const ends = await Promise.allSettled(['a', 'b', 'c'].map((name) => groups.join('g', member(name))));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(ends[2]).toMatchObject({ reason: { code: 'TOO_MANY_WAITING' } });
    expect(await groups.join('g', member('d'))).toEqual(done('made d'));
  });
});

describe('what is thrown', () => {
  it('by one member hurts only that one', async () => {
    const groups = groupsOn(database.db);
    const ends = await Promise.allSettled(
      [member('a', 'ka'), member('bad', 'kbad'), member('b')].map((one) => groups.join('g', one)),
    );
    expect(ends).toMatchObject([{ value: done('made a') }, { reason: { errno: 1048 } }, { value: done('made b') }]);
    expect(await made()).toEqual(['a', 'b']);
    expect(await keys()).toEqual(['ka DONE']);
  });

  it('by the making of an answer rolls its member back', async () => {
    const groups = groupsOn(database.db);
    const faulty: Member<string, string> = {
      ...member('x', 'kx'),
      answerOf: () => {
        throw new Error('no answer');
      },
    };
    const ends = await Promise.allSettled([faulty, member('a', 'ka')].map((one) => groups.join('g', one)));
    expect(ends).toMatchObject([{ reason: { message: 'no answer' } }, { value: done('made a') }]);
    expect(await made()).toEqual(['a']);
  });

  it('as a deadlock is tried again with all members', async () => {
    let tries = 0;
    const groups = groupsOn(database.db, {
      work: async (tx, inputs) => {
        const outcomes = await makeAll(tx, inputs);
        tries += 1;
        if (tries < 3) throw Object.assign(new Error('deadlock'), { errno: 1213 });
        return outcomes;
      },
    });
    await Promise.all(['a', 'b'].map((name) => groups.join('g', member(name, name))));
    expect(worked).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(await made()).toEqual(['a', 'b']);
  });

  it('because a row stays locked is told to those that need the row', async () => {
    await database.db.raw("INSERT INTO made (made_id, name) VALUES (1, 'held')");
    const lock = await database.db.transaction();
    await lock.raw('SELECT * FROM made WHERE made_id = 1 FOR UPDATE');
    const groups = groupsOn(other, {
      work: async (tx, inputs) => {
        if (inputs.includes('needy')) await change(tx, "UPDATE made SET name = 'got' WHERE made_id = 1");
        return makeAll(tx, inputs);
      },
    });
    const ends = await Promise.allSettled(['needy', 'a'].map((name) => groups.join('g', member(name, name))));
    await lock.rollback();
    expect(ends).toMatchObject([{ reason: { errno: 1205 } }, { value: done('made a') }]);
    // The connection of the pool waits for locks as long as before.
    const [{ n } = { n: 0 }] = await select<{ n: number }>(other, 'SELECT @@innodb_lock_wait_timeout AS n');
    expect(n).toBe(30);
  });

  it('because a row stays locked ends the trying, when it is the row of all', async () => {
    await database.db.raw("INSERT INTO made (made_id, name) VALUES (1, 'held')");
    const lock = await database.db.transaction();
    await lock.raw('SELECT * FROM made WHERE made_id = 1 FOR UPDATE');
    const groups = groupsOn(other, {
      work: async (tx, inputs) => {
        worked.push([...inputs]);
        await change(tx, "UPDATE made SET name = 'got' WHERE made_id = 1");
        return inputs.map((name) => name);
      },
    });
    const names = ['a', 'b', 'c', 'd', 'e'];
    const ends = await Promise.allSettled(names.map((name) => groups.join('g', member(name))));
    await lock.rollback();
    expect(worked).toEqual([names, ['a'], ['b'], ['c']]);
    expect(ends.slice(3)).toMatchObject([{ reason: { code: 'DATABASE_BUSY' } }, { reason: { code: 'DATABASE_BUSY' } }]);
  });
});

describe('a key', () => {
  it('that comes twice in a group is worked on once, and is in flight or reused for the second', async () => {
    const groups = groupsOn(database.db);
    const outcomes = await Promise.all([
      groups.join('g', member('a', 'k')),
      groups.join('g', member('a', 'k')),
      groups.join('g', member('b', 'k', 'b'.repeat(64))),
    ]);
    expect(outcomes).toEqual([done('made a'), { outcome: 'in-flight' }, { outcome: 'reused' }]);
    expect(await made()).toEqual(['a']);
  });

  it('that was answered is answered again on another instance, beside others that are carried out', async () => {
    await groupsOn(database.db).join('g', member('a', 'k'));
    const groups = groupsOn(other);
    const again = await Promise.all([groups.join('g', member('a', 'k')), groups.join('g', member('b', 'kb'))]);
    expect(again).toEqual([answered('a'), done('made b')]);
    expect(await groups.join('g', member('c', 'k', 'c'.repeat(64)))).toEqual({ outcome: 'reused' });
    expect(await made()).toEqual(['a', 'b']);
  });

  it('whose answer is not kept can be used again', async () => {
    const groups = groupsOn(database.db);
    const passing: Member<string, string> = { ...member('no', 'k'), answerOf: () => null };
    await Promise.all([groups.join('g', passing), groups.join('g', member('a'))]);
    expect(await keys()).toEqual([]);
    expect(await groups.join('g', member('b', 'k'))).toEqual(done('made b'));
  });

  it('of a dead server is taken over after its lease, and not before', async () => {
    for (const key of ['dead', 'alive'])
      await claimKey(database.db, { accountId: 7, key, requestHash: 'a'.repeat(64), owner: randomUUID() });
    await database.db.raw(
      "UPDATE idempotency_key SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE idempotency_key = 'dead'",
    );
    const groups = groupsOn(database.db);
    const outcomes = await Promise.all(['dead', 'alive'].map((key) => groups.join('g', member(key, key))));
    expect(outcomes).toEqual([done('made dead'), { outcome: 'in-flight' }]);
    expect(await keys()).toEqual(['alive IN_FLIGHT', 'dead DONE']);
  });

  it('of two instances at once is worked on once, whatever the order', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
    const [here, there] = [groupsOn(database.db, { membersMax: 16 }), groupsOn(other, { membersMax: 16 })];
    const outcomes = await Promise.all([
      ...names.map((name) => here.join('g', member(name, name))),
      ...names.toReversed().map((name) => there.join('g', member(name, name))),
    ]);
    const count = (what: string) => outcomes.filter(({ outcome }) => outcome === what).length;
    expect({ done: count('done'), others: count('answered') + count('in-flight') }).toEqual({ done: 40, others: 40 });
    expect(await made()).toEqual(names.toSorted());
  });
});

describe('a key in a group that is not committed yet', () => {
  /** A group of another instance that has claimed `k` and goes on when it is told to. */
  async function underWay(db: Db) {
    const { opened, open } = gate();
    const begun = gate();
    let first = true;
    const groups = groupsOn(db, {
      work: async (tx, inputs) => {
        const outcomes = await makeAll(tx, inputs);
        begun.open();
        if (first) await opened;
        first = false;
        return outcomes;
      },
    });
    const outcome = groups.join('g', member('a', 'k'));
    await begun.opened;
    return { outcome, open };
  }

  it('is waited for, and answered again', async () => {
    const { outcome, open } = await underWay(database.db);
    const again = groupsOn(other).join('g', member('a', 'k'));
    await inStatement(database.db, 'INSERT INTO idempotency_key%');
    open();
    expect(await outcome).toEqual(done('made a'));
    expect(await again).toEqual(answered('a'));
    expect(await made()).toEqual(['a']);
  });

  it('is in flight when that takes long, and holds nobody else up', async () => {
    const { outcome, open } = await underWay(database.db);
    const groups = groupsOn(other);
    const outcomes = await Promise.all([groups.join('g', member('a', 'k')), groups.join('g', member('b', 'kb'))]);
    expect(outcomes).toEqual([{ outcome: 'in-flight' }, done('made b')]);
    open();
    expect(await outcome).toEqual(done('made a'));
  });

  it('of a server that is frozen is free when the database ends its session, and the late commit is refused', async () => {
    const frozen = openDatabase(database.url, { poolMax: 2, silenceSeconds: 1 });
    const { outcome, open } = await underWay(frozen);
    const groups = groupsOn(other);
    let taken = await groups.join('g', member('a', 'k'));
    while (taken.outcome === 'in-flight') taken = await groups.join('g', member('a', 'k'));
    expect(taken).toEqual(done('made a'));
    open();
    expect(await outcome).toEqual(answered('a'));
    expect(await made()).toEqual(['a']);
    await frozen.destroy();
  });
});

describe('a connection cut', () => {
  const through = async (cut: Cut, members: readonly Member<string, string>[]) => {
    const proxy = await startProxy(database.url, [cut]);
    const db = openDatabase(proxy.url, { poolMax: 2 });
    try {
      const groups = groupsOn(db);
      const ends = await Promise.allSettled(members.map((one) => groups.join('g', one)));
      expect(proxy.cuts()).toBe(1);
      return ends;
    } finally {
      await db.destroy();
      await proxy.close();
    }
  };
  const inTransactionOf = /^INSERT INTO made/;
  const kinds: [string, Member<string, string>[]][] = [
    ['with keys', [member('a', 'ka'), member('b', 'kb')]],
    ['without keys', [member('a'), member('b')]],
    ['some with keys', [member('a'), member('b', 'kb')]],
  ];

  it.each(kinds)('after COMMIT, before its answer: it is not done again (%s)', async (_name, members) => {
    const ends = await through({ statement: /^COMMIT/, inTransactionOf, place: 'answer', nth: 1 }, members);
    expect(ends).toMatchObject([{ value: done('made a') }, { value: done('made b') }]);
    expect(worked).toHaveLength(1);
    expect(await made()).toEqual(['a', 'b']);
  });

  it.each(kinds)('before COMMIT arrives: it is done again (%s)', async (_name, members) => {
    const ends = await through({ statement: /^COMMIT/, inTransactionOf, place: 'before', nth: 1 }, members);
    expect(ends).toMatchObject([{ value: done('made a') }, { value: done('made b') }]);
    expect(worked).toHaveLength(2);
    expect(await made()).toEqual(['a', 'b']);
  });

  it.each([
    ['at the claims', /^INSERT INTO idempotency_key/],
    ['in the work', inTransactionOf],
  ] as const)('%s: it is done again', async (_name, statement) => {
    const ends = await through({ statement, place: 'answer', nth: 1 }, [member('a', 'ka'), member('b')]);
    expect(ends).toMatchObject([{ value: done('made a') }, { value: done('made b') }]);
    expect(await made()).toEqual(['a', 'b']);
  });

  it('for good after COMMIT: nobody is told that it failed for certain, and it is not done again', async () => {
    const cut: Cut = { statement: /^COMMIT/, inTransactionOf, place: 'down', nth: 1 };
    const [end] = await through(cut, [member('a', 'ka')]);
    expect(end).toMatchObject({ reason: { code: 'DATABASE_UNAVAILABLE' } });
    expect(worked).toHaveLength(1);
  });
});

describe('a process that is killed', () => {
  /** Joins `a` and `b` under keys in a process of its own, which is killed at the point. */
  async function killedAt(point: string): Promise<void> {
    const script = fileURLToPath(new URL('../support/group-caller.mjs', import.meta.url));
    const child: ChildProcess = spawn(process.execPath, [script, database.url, `${point}:kill`], { stdio: 'pipe' });
    const [stderr, [, signal]] = await Promise.all([text(child.stderr as never), once(child, 'exit')]);
    expect({ signal, stderr }).toMatchObject({ signal: 'SIGKILL', stderr: expect.stringContaining(`FAULT ${point}`) });
  }
  const again = () => {
    const groups = groupsOn(database.db);
    return Promise.all(['a', 'b'].map((name) => groups.join('g', member(name, `k${name}`))));
  };

  it('before COMMIT leaves nothing, and the same calls are carried out', async () => {
    await killedAt('group.before-commit');
    expect(await again()).toEqual([done('made a'), done('made b')]);
    expect(await made()).toEqual(['a', 'b']);
  });

  it('between COMMIT and answer has left the answers of all', async () => {
    await killedAt('group.committed');
    expect(await again()).toEqual([answered('a'), answered('b')]);
    expect(await made()).toEqual(['a', 'b']);
  });
});
