/** Several processes on one date; one that will not wait; stopping and resuming. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { documentOf, type FailureDocument, Settling } from '../support/settling.js';

const folder = mkdtempSync(join(tmpdir(), 'magam-together-'));
let feed: Settling;
beforeAll(async () => {
  feed = await Settling.create();
});
afterAll(async () => {
  await feed.drop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => feed.reset());

/** A run that waits in mid-chunk until `open` is called. */
async function heldRun(name: string, nth = 3) {
  const gate = join(folder, name);
  const held = feed.startSettle({ MAGAM_FAULT: `chunk.after-commit:wait:${nth}:${gate}` });
  await held.says('FAULT chunk.after-commit');
  const runId = await feed.db.value('SELECT run_id FROM job_instance');
  return { ...held, runId, open: () => writeFileSync(gate, '') };
}

describe('the same date, started by three processes at once', () => {
  it('is one run; all of them report its result', async () => {
    const ended = await feed.settleTogether({}, {}, {});
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    const runId = Number(await feed.db.value('SELECT run_id FROM job_instance'));
    for (const one of ended) {
      const { lines, refunds, totals, certificate } = feed.cleanDocument;
      expect(documentOf(one)).toMatchObject({ runId, lines, refunds, totals, certificate });
    }
    await feed.expectClean();
  });

  it('with other grids, workers and chunk sizes: still one plan, and the same lines', async () => {
    const commands = [
      ['--grid-size', '4', '--workers', '1', '--chunk-size', '40'],
      ['--grid-size', '9', '--workers', '2', '--chunk-size', '133'],
      ['--grid-size', '1', '--workers', '3', '--chunk-size', '2000'],
    ];
    const [first, ...others] = commands;
    const beside = others.map((args) => feed.startSettle({}, args).ended);
    const ended = await Promise.all([feed.settle({}, first), ...beside]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await feed.db.value('SELECT COUNT(*) FROM run_plan')).toBe('1');
    expect(new Set(ended.map((one) => documentOf(one).certificate?.hash)).size).toBe(1);
    for (const one of ended) expect(documentOf(one).totals).toEqual(feed.cleanDocument.totals);
  });

  it('and all but one of them killed on the way', async () => {
    const ended = await feed.settleTogether(
      { MAGAM_FAULT: 'chunk.before-commit:kill:2' },
      { MAGAM_FAULT: 'chunk.in-transaction:kill' },
      {},
    );
    expect(ended[2]).toMatchObject({ code: 0 });
    await feed.expectClean();
  });
});

describe('--no-wait', () => {
  it('exits with 5 while somebody works on the run, and works on one that nobody holds', async () => {
    const held = await heldRun('no-wait');
    const refused = await feed.settle({}, ['--no-wait']);
    expect(refused.code).toBe(5);
    expect(documentOf<FailureDocument>(refused).error.code).toBe('RUN_HELD');
    held.open();
    expect(await held.ended).toMatchObject({ code: 0 });
    expect(await feed.settle({}, ['--no-wait'])).toMatchObject({ code: 0 });
    await feed.expectClean();
  });
});

describe('a partition that another holds', () => {
  it('is waited for, and the result is reported by both', async () => {
    const held = await heldRun('joined');
    const joined = feed.settle();
    held.open();
    const ended = await Promise.all([held.ended, joined]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    await feed.expectClean();
  });
});

describe('stopping', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s finishes the chunk in hand and exits with 130', async (signal) => {
    const held = await heldRun(signal);
    held.send(signal);
    held.open();
    const ended = await held.ended;
    expect(ended.code).toBe(130);
    expect(documentOf(ended)).toMatchObject({ status: 'STOPPED', certificate: null });
    expect(await feed.db.value('SELECT status FROM job_instance')).toBe('STOPPED');
    expect(await feed.db.value(`SELECT COUNT(*) FROM run_partition WHERE status = 'RUNNING'`)).toBe('0');
    await feed.finish();
  });

  it('by magam runs stop; a resume keeps the planned grid and says so', async () => {
    const held = await heldRun('stop');
    expect(await feed.run(['runs', 'stop', held.runId])).toMatchObject({ code: 0 });
    held.open();
    expect((await held.ended).code).toBe(130);
    const resumed = await feed.settle({}, ['--grid-size', '7', '--workers', '3', '--chunk-size', '40']);
    expect(resumed).toMatchObject({ code: 0 });
    expect(documentOf(resumed)).toMatchObject({
      partitions: 4,
      certificate: feed.cleanDocument.certificate,
      notices: [expect.stringContaining('grid size 4')],
    });
    await feed.expectClean();
  });

  it('again and again, each time after a chunk or two', async () => {
    let stops = 0;
    for (; ; stops += 1) {
      const gate = join(folder, `often-${stops}`);
      const fault = { MAGAM_FAULT: `chunk.after-commit:wait:1:${gate}` };
      const settling = feed.startSettle(fault, ['--chunk-size', '100']);
      const reached = await settling.says('FAULT').then(
        () => true,
        () => false,
      );
      if (!reached) break;
      settling.send('SIGTERM');
      writeFileSync(gate, '');
      if ((await settling.ended).code === 0) break;
    }
    expect(stops).toBeGreaterThan(2);
    await feed.finish();
  });

  it('has nothing to stop once the run is done', async () => {
    const { runId } = await feed.finish();
    const ended = await feed.run(['runs', 'stop', String(runId), '--json']);
    expect(ended.code).toBe(1);
    expect(documentOf<FailureDocument>(ended).error.code).toBe('RUN_NOT_ACTIVE');
  });
});
