/** The primary dies in the middle of a run, and a replica takes over that lacks its last commits. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../kernel/business-date.js';
import { type Ended, until } from '../../scripts/chaos/magam.mjs';
import { PrimaryAndReplica } from '../../scripts/chaos/replica.mjs';
import { DATE, documentOf, type FailureDocument, Settling } from '../support/settling.js';

let folder: string;
let servers: PrimaryAndReplica;
let feed: Settling;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'magam-failover-'));
  servers = await PrimaryAndReplica.start();
  feed = await Settling.create(servers.url);
  await feed.reset();
  await servers.catchUp();
});
afterEach(async () => {
  await feed.drop();
  await servers.end();
  rmSync(folder, { recursive: true, force: true });
});

const gate = (name: string): string => join(folder, name);
const open = (name: string): void => writeFileSync(gate(name), '');
const linesOf = () => {
  const database = new URL(feed.db.url).pathname.slice(1);
  return servers.compare(`SELECT COUNT(*) FROM ${database}.settlement_line`);
};

describe('a replica that lacks the last chunks', () => {
  it('is settled on to the same lines and the same certificate', async () => {
    const settling = feed.startSettle({
      MAGAM_FAULT: `chunk.after-commit:wait:2:${gate('half')},chunk.before-commit:wait:5:${gate('more')}`,
    });
    await settling.says('FAULT chunk.after-commit');
    await servers.catchUp();
    await servers.cutOff();
    open('half');
    await settling.says('FAULT chunk.before-commit');
    const { primary, replica } = await linesOf();
    expect(replica).toBeGreaterThan(0);
    expect(primary).toBeGreaterThan(replica);
    await servers.failOver();
    open('more');
    const ended = await settling.ended;
    expect(ended).toMatchObject({ code: 0 });
    expect(documentOf(ended).certificate).toEqual(feed.cleanDocument.certificate);
    await feed.expectClean();
    await feed.expectVerified();
  });
});

describe('a replica that knows nothing of the run', () => {
  let lostRun = '';
  const loseTheRun = async (meanwhile: () => Promise<void>): Promise<Ended> => {
    await servers.cutOff();
    const settling = feed.startSettle({ MAGAM_FAULT: `chunk.before-commit:wait:3:${gate('more')}` });
    await settling.says('FAULT chunk.before-commit');
    expect(await linesOf()).toEqual({ primary: expect.any(Number), replica: 0 });
    lostRun = await feed.db.value('SELECT run_id FROM job_instance');
    await servers.failOver();
    await meanwhile();
    open('more');
    return settling.ended;
  };
  const expectLost = (ended: Ended): void => {
    expect(ended.code).toBe(1);
    expect(documentOf<FailureDocument>(ended).error.code).toBe('RUN_LOST');
  };

  it('ends the process with RUN_LOST, and the same command settles the date', async () => {
    expectLost(await loseTheRun(async () => undefined));
    await feed.finish();
    await feed.expectVerified();
  });

  it('keeps the process away from the run that has its id by now', async () => {
    const other = addDays(DATE, -1);
    const lost = await loseTheRun(async () => {
      const ids = 'SELECT GROUP_CONCAT(run_id) FROM job_instance';
      const value = () => feed.db.value(ids).catch(() => 'its connections are those to the primary');
      await until(async () => (await value()) === 'null', 'the replica knows of no run');
      expect(await feed.run(['settle', '--date', other, '--request', '--allow-empty'])).toMatchObject({ code: 0 });
      expect(await feed.db.value(ids)).toBe(lostRun);
    });
    expectLost(lost);
    expect(await feed.db.value('SELECT status FROM job_instance')).toBe('REQUESTED');
    expect(await feed.db.value('SELECT status FROM job_execution')).toBe('REQUESTED');
    const settled = (date: string) => feed.run(['settle', '--date', date, '--allow-empty']);
    for (const date of [other, DATE]) expect(await settled(date)).toMatchObject({ code: 0 });
    await feed.expectVerified(other);
    await feed.expectVerified();
  });
});
