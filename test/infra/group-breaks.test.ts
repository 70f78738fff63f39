/** Groups when something breaks: a connection at the COMMIT, a process between COMMIT and answer. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../../infra/database.js';
import { isConnectionLost } from '../../infra/database-errors.js';
import type { Member } from '../../infra/group-work.js';
import { type Cut, startProxy } from '../../scripts/chaos/tcp-proxy.mjs';
import { answered, done, GroupScene, member } from '../support/group-scene.js';

let scene: GroupScene;
beforeAll(async () => {
  scene = await GroupScene.create();
});
afterAll(() => scene?.database.drop());
beforeEach(() => scene.reset());

describe('a connection cut', () => {
  /** How often the work after a commit was done. */
  let followed = 0;
  const through = async (cut: Cut, members: readonly Member<string, string>[]) => {
    const proxy = await startProxy(scene.database.url, [cut]);
    const db = openDatabase(proxy.url, { poolMax: 2 });
    try {
      followed = 0;
      const groups = scene.groupsOn(db, {
        work: (tx, inputs, afterCommit) => {
          afterCommit(async () => {
            followed += 1;
          });
          return scene.makeAll(tx, inputs);
        },
      });
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
    expect(scene.worked).toHaveLength(1);
    expect(await scene.made()).toEqual(['a', 'b']);
  });

  it.each(kinds)('before COMMIT arrives: it is done again (%s)', async (_name, members) => {
    const ends = await through({ statement: /^COMMIT/, inTransactionOf, place: 'before', nth: 1 }, members);
    expect(ends).toMatchObject([{ value: done('made a') }, { value: done('made b') }]);
    expect(scene.worked).toHaveLength(2);
    expect(await scene.made()).toEqual(['a', 'b']);
  });

  it.each([
    ['at its BEGIN', /^BEGIN/, 'before'],
    ['at the claims', /^INSERT INTO idempotency_key/, 'answer'],
    ['in the work', inTransactionOf, 'answer'],
  ] as const)('%s: it is done again', async (_name, statement, place) => {
    const ends = await through({ statement, place, nth: 1 }, [member('a', 'ka'), member('b')]);
    expect(ends).toMatchObject([{ value: done('made a') }, { value: done('made b') }]);
    expect(await scene.made()).toEqual(['a', 'b']);
  });

  it('for good before COMMIT: the group has failed, and nothing of it is there', async () => {
    const cut: Cut = { statement: inTransactionOf, place: 'down', nth: 1 };
    const ends = await through(cut, [member('a', 'ka'), member('b')]);
    expect(ends.map((end) => end.status === 'rejected' && isConnectionLost(end.reason))).toEqual([true, true]);
    expect({ made: await scene.made(), keys: await scene.keys() }).toEqual({ made: [], keys: [] });
  });

  it('for good after COMMIT: nobody is told that it failed for certain, and it is not done again', async () => {
    const cut: Cut = { statement: /^COMMIT/, inTransactionOf, place: 'down', nth: 1 };
    const [end] = await through(cut, [member('a', 'ka')]);
    expect(end).toMatchObject({ reason: { code: 'DATABASE_UNAVAILABLE' } });
    expect(followed).toBe(1); // it may have been committed
    expect(scene.worked).toHaveLength(1);
  });
});

describe('a process that is killed', () => {
  /** Joins `a` and `b` under keys in a process of its own, which is killed at the point. */
  async function killedAt(point: string): Promise<void> {
    const script = fileURLToPath(new URL('../support/group-caller.mjs', import.meta.url));
    const child: ChildProcess = spawn(process.execPath, [script, scene.database.url, `${point}:kill`], {
      stdio: 'pipe',
    });
    const [stderr, [, signal]] = await Promise.all([text(child.stderr as never), once(child, 'exit')]);
    expect({ signal, stderr }).toMatchObject({ signal: 'SIGKILL', stderr: expect.stringContaining(`FAULT ${point}`) });
  }
  const again = () => {
    const groups = scene.groupsOn(scene.database.db);
    return Promise.all(['a', 'b'].map((name) => groups.join('g', member(name, `k${name}`))));
  };

  it('before COMMIT leaves nothing, and the same calls are carried out', async () => {
    await killedAt('group.before-commit');
    expect(await again()).toEqual([done('made a'), done('made b')]);
    expect(await scene.made()).toEqual(['a', 'b']);
  });

  it('between COMMIT and answer has left the answers of all', async () => {
    await killedAt('group.committed');
    expect(await again()).toEqual([answered('a'), answered('b')]);
    expect(await scene.made()).toEqual(['a', 'b']);
  });
});
