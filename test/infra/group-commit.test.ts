/** Calls in groups: one transaction, an outcome for each. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { change, type Db, openDatabase, select } from '../../infra/database.js';
import type { Member } from '../../infra/group-work.js';
import { claimKey } from '../../infra/stores/idempotency-key.js';
import { refuse } from '../../kernel/errors.js';
import { inStatement } from '../support/database.js';
import { answered, done, GroupScene, member } from '../support/group-scene.js';

let scene: GroupScene;
let other: Db;

beforeAll(async () => {
  scene = await GroupScene.create();
  other = openDatabase(scene.database.url, { poolMax: 3 });
});
afterAll(async () => {
  await other?.destroy();
  await scene?.database.drop();
});
beforeEach(() => scene.reset());

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
    const groups = scene.groupsOn(scene.database.db);
    const outcomes = await Promise.all(
      [member('a', 'ka'), member('no', 'kno'), member('b'), member('c', 'kc')].map((one) => groups.join('g', one)),
    );
    expect(outcomes).toEqual([
      done('made a'),
      { outcome: 'done', value: refuse('ACCOUNT_NOT_FOUND', { name: 'no' }) },
      done('made b'),
      done('made c'),
    ]);
    expect(scene.worked).toEqual([['a', 'no', 'b', 'c']]);
    expect(await scene.made()).toEqual(['a', 'b', 'c']);
    expect(await scene.keys()).toEqual(['ka DONE', 'kc DONE', 'kno DONE']);
  });

  it('go into the next group while one is under way, and not into that of another group key', async () => {
    const { opened, open } = gate();
    const begun = gate();
    const groups = scene.groupsOn(scene.database.db, {
      membersMax: 3,
      work: async (tx, inputs) => {
        if (inputs.includes('first')) {
          begun.open();
          await opened;
        }
        return scene.makeAll(tx, inputs);
      },
    });
    const first = groups.join('g', member('first'));
    await begun.opened;
    const next = ['a', 'b', 'c', 'd'].map((name) => groups.join('g', member(name)));
    expect(await groups.join('elsewhere', member('z'))).toEqual(done('made z'));
    open();
    await Promise.all([first, ...next]);
    expect(scene.worked).toEqual([['z'], ['first'], ['a', 'b', 'c'], ['d']]);
  });

  it('are refused when too many wait', async () => {
    const groups = scene.groupsOn(scene.database.db, { waitingMax: 2 });
    const ends = await Promise.allSettled(['a', 'b', 'c'].map((name) => groups.join('g', member(name))));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(ends[2]).toMatchObject({ reason: { code: 'TOO_MANY_WAITING' } });
    expect(await groups.join('g', member('d'))).toEqual(done('made d'));
  });
});

describe('the work after the commit', () => {
  it('is done once for the group, after the commit and before anybody is answered', async () => {
    const seen: string[][] = [];
    let answered = 0;
    const groups = scene.groupsOn(scene.database.db, {
      work: async (tx, inputs, afterCommit) => {
        afterCommit(async () => {
          seen.push([String(answered), ...(await scene.made())]);
        });
        return scene.makeAll(tx, inputs);
      },
    });
    const join = (name: string) => groups.join('g', member(name)).then(() => (answered += 1));
    await Promise.all(['a', 'no', 'b'].map(join));
    expect(seen).toEqual([['0', 'a', 'b']]);
  });

  it('is not done for a try that was rolled back before its end', async () => {
    let followed = 0;
    const groups = scene.groupsOn(scene.database.db, {
      work: async (tx, inputs, afterCommit) => {
        afterCommit(async () => {
          followed += 1;
        });
        return scene.makeAll(tx, inputs);
      },
    });
    const ends = await Promise.allSettled(['a', 'bad', 'b'].map((name) => groups.join('g', member(name))));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(followed).toBe(2);
  });
});

describe('what is thrown', () => {
  it('by one member hurts only that one', async () => {
    const groups = scene.groupsOn(scene.database.db);
    const ends = await Promise.allSettled(
      [member('a', 'ka'), member('bad', 'kbad'), member('b')].map((one) => groups.join('g', one)),
    );
    expect(ends).toMatchObject([{ value: done('made a') }, { reason: { errno: 1048 } }, { value: done('made b') }]);
    expect(await scene.made()).toEqual(['a', 'b']);
    expect(await scene.keys()).toEqual(['ka DONE']);
  });

  it('by the making of an answer rolls its member back', async () => {
    const groups = scene.groupsOn(scene.database.db);
    const faulty: Member<string, string> = {
      ...member('x', 'kx'),
      answerOf: () => {
        throw new Error('no answer');
      },
    };
    const ends = await Promise.allSettled([faulty, member('a', 'ka')].map((one) => groups.join('g', one)));
    expect(ends).toMatchObject([{ reason: { message: 'no answer' } }, { value: done('made a') }]);
    expect(await scene.made()).toEqual(['a']);
  });

  it('as a deadlock is tried again with all members', async () => {
    let tries = 0;
    const groups = scene.groupsOn(scene.database.db, {
      work: async (tx, inputs) => {
        const outcomes = await scene.makeAll(tx, inputs);
        tries += 1;
        if (tries < 3) throw Object.assign(new Error('deadlock'), { errno: 1213 });
        return outcomes;
      },
    });
    await Promise.all(['a', 'b'].map((name) => groups.join('g', member(name, name))));
    expect(scene.worked).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(await scene.made()).toEqual(['a', 'b']);
  });

  it('because a row stays locked is told to those that need the row', async () => {
    await scene.database.db.raw("INSERT INTO made (made_id, name) VALUES (1, 'held')");
    const lock = await scene.database.db.transaction();
    await lock.raw('SELECT * FROM made WHERE made_id = 1 FOR UPDATE');
    const groups = scene.groupsOn(other, {
      work: async (tx, inputs) => {
        if (inputs.includes('needy')) await change(tx, "UPDATE made SET name = 'got' WHERE made_id = 1");
        return scene.makeAll(tx, inputs);
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
    await scene.database.db.raw("INSERT INTO made (made_id, name) VALUES (1, 'held')");
    const lock = await scene.database.db.transaction();
    await lock.raw('SELECT * FROM made WHERE made_id = 1 FOR UPDATE');
    const groups = scene.groupsOn(other, {
      work: async (tx, inputs) => {
        scene.worked.push([...inputs]);
        await change(tx, "UPDATE made SET name = 'got' WHERE made_id = 1");
        return inputs.map((name) => name);
      },
    });
    const names = ['a', 'b', 'c', 'd', 'e'];
    const ends = await Promise.allSettled(names.map((name) => groups.join('g', member(name))));
    await lock.rollback();
    expect(scene.worked).toEqual([names, ['a'], ['b'], ['c']]);
    expect(ends.slice(3)).toMatchObject([{ reason: { code: 'DATABASE_BUSY' } }, { reason: { code: 'DATABASE_BUSY' } }]);
  });
});

describe('a key', () => {
  it('that comes twice in a group is worked on once, and is in flight or reused for the second', async () => {
    const groups = scene.groupsOn(scene.database.db);
    const outcomes = await Promise.all([
      groups.join('g', member('a', 'k')),
      groups.join('g', member('a', 'k')),
      groups.join('g', member('b', 'k', 'b'.repeat(64))),
    ]);
    expect(outcomes).toEqual([done('made a'), { outcome: 'in-flight' }, { outcome: 'reused' }]);
    expect(await scene.made()).toEqual(['a']);
  });

  it('that was answered is answered again on another instance, beside others that are carried out', async () => {
    await scene.groupsOn(scene.database.db).join('g', member('a', 'k'));
    const groups = scene.groupsOn(other);
    const again = await Promise.all([groups.join('g', member('a', 'k')), groups.join('g', member('b', 'kb'))]);
    expect(again).toEqual([answered('a'), done('made b')]);
    expect(await groups.join('g', member('c', 'k', 'c'.repeat(64)))).toEqual({ outcome: 'reused' });
    expect(await scene.made()).toEqual(['a', 'b']);
  });

  it('whose answer is not kept can be used again', async () => {
    const groups = scene.groupsOn(scene.database.db);
    const passing: Member<string, string> = { ...member('no', 'k'), answerOf: () => null };
    await Promise.all([groups.join('g', passing), groups.join('g', member('a'))]);
    expect(await scene.keys()).toEqual([]);
    expect(await groups.join('g', member('b', 'k'))).toEqual(done('made b'));
  });

  it('of a dead server is taken over after its lease, and not before', async () => {
    for (const key of ['dead', 'alive'])
      await claimKey(scene.database.db, { accountId: 7, key, requestHash: 'a'.repeat(64), owner: randomUUID() });
    await scene.database.db.raw(
      "UPDATE idempotency_key SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE idempotency_key = 'dead'",
    );
    const groups = scene.groupsOn(scene.database.db);
    const outcomes = await Promise.all(['dead', 'alive'].map((key) => groups.join('g', member(key, key))));
    expect(outcomes).toEqual([done('made dead'), { outcome: 'in-flight' }]);
    expect(await scene.keys()).toEqual(['alive IN_FLIGHT', 'dead DONE']);
  });

  it('of two instances at once is worked on once, whatever the order', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
    const [here, there] = [
      scene.groupsOn(scene.database.db, { membersMax: 16 }),
      scene.groupsOn(other, { membersMax: 16 }),
    ];
    const outcomes = await Promise.all([
      ...names.map((name) => here.join('g', member(name, name))),
      ...names.toReversed().map((name) => there.join('g', member(name, name))),
    ]);
    const count = (what: string) => outcomes.filter(({ outcome }) => outcome === what).length;
    expect({ done: count('done'), others: count('answered') + count('in-flight') }).toEqual({ done: 40, others: 40 });
    expect(await scene.made()).toEqual(names.toSorted());
  });
});

describe('a key in a group that is not committed yet', () => {
  /** A group of another instance that has claimed `k` and goes on when it is told to. */
  async function underWay(db: Db) {
    const { opened, open } = gate();
    const begun = gate();
    let first = true;
    const groups = scene.groupsOn(db, {
      work: async (tx, inputs) => {
        const outcomes = await scene.makeAll(tx, inputs);
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
    const { outcome, open } = await underWay(scene.database.db);
    const again = scene.groupsOn(other).join('g', member('a', 'k'));
    await inStatement(scene.database.db, 'INSERT INTO idempotency_key%');
    open();
    expect(await outcome).toEqual(done('made a'));
    expect(await again).toEqual(answered('a'));
    expect(await scene.made()).toEqual(['a']);
  });

  it('is in flight when that takes long, and holds nobody else up', async () => {
    const { outcome, open } = await underWay(scene.database.db);
    const groups = scene.groupsOn(other);
    const outcomes = await Promise.all([groups.join('g', member('a', 'k')), groups.join('g', member('b', 'kb'))]);
    expect(outcomes).toEqual([{ outcome: 'in-flight' }, done('made b')]);
    open();
    expect(await outcome).toEqual(done('made a'));
  });

  it('of a server that is frozen is free when the database ends its session, and the late commit is refused', async () => {
    const frozen = openDatabase(scene.database.url, { poolMax: 2, silenceSeconds: 1 });
    const { outcome, open } = await underWay(frozen);
    const groups = scene.groupsOn(other);
    let taken = await groups.join('g', member('a', 'k'));
    while (taken.outcome === 'in-flight') taken = await groups.join('g', member('a', 'k'));
    expect(taken).toEqual(done('made a'));
    open();
    expect(await outcome).toEqual(answered('a'));
    expect(await scene.made()).toEqual(['a']);
    await frozen.destroy();
  });
});
