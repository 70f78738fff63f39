/** Connections that are cut at the worst moment, by a proxy that reads the statements. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Cut, startProxy } from '../../scripts/chaos/tcp-proxy.mjs';
import { Settling } from '../support/settling.js';

let feed: Settling;
beforeAll(async () => {
  feed = await Settling.withOneThread();
});
afterAll(() => feed.drop());
beforeEach(() => feed.reset());

/** The statement that moves a partition's fence: a transaction that has it behind it is a chunk's. */
const inTransactionOf = /^UPDATE run_partition SET seq = seq/;
const writesLines = /^(INSERT INTO settlement_line|LOAD DATA)/;

async function settleThrough(cuts: Cut[], settings: Record<string, string> = {}): Promise<void> {
  const proxy = await startProxy(feed.db.url, cuts);
  try {
    await feed.finish({ MAGAM_DATABASE_URL: proxy.url, ...settings });
    expect(proxy.cuts()).toBe(cuts.length);
  } finally {
    await proxy.close();
  }
}

/** Nobody else was there to take over: the holder itself has found out what became of its chunk. */
async function expectNoClaimLost(): Promise<void> {
  expect(await feed.claims()).toEqual({ DONE: 8 });
}

describe('a connection cut at the COMMIT of a chunk', () => {
  it.each([1, 11])('before the server has it (chunk %i): the chunk is done again', async (nth) => {
    await settleThrough([{ statement: /^COMMIT/, inTransactionOf, place: 'before', nth }]);
    await expectNoClaimLost();
  });

  it.each([1, 11])('after the server has done it (chunk %i): the chunk is not done again', async (nth) => {
    await settleThrough([{ statement: /^COMMIT/, inTransactionOf, place: 'answer', nth }]);
    await expectNoClaimLost();
  });
});

describe('a connection cut elsewhere in a chunk', () => {
  it.each(['insert', 'load'])('in the middle of writing lines (%s)', async (writer) => {
    await settleThrough([{ statement: writesLines, place: 'middle', nth: 4 }], { MAGAM_LINE_WRITER: writer });
  });

  it.each([
    ['before the fence is moved', inTransactionOf, 'before'],
    ['after the fence is moved', inTransactionOf, 'answer'],
    ['after the lines are written', writesLines, 'answer'],
    ['at its BEGIN', /^BEGIN/, 'before'],
    ['while it reads', /^SELECT s\.entry_id, s\.order_id/, 'answer'],
  ] as const)('%s', async (_name, statement, place) => {
    await settleThrough([{ statement, place, nth: 6 }]);
  });

  it('many times in one run', async () => {
    await settleThrough([
      { statement: /^COMMIT/, inTransactionOf, place: 'answer', nth: 2 },
      { statement: writesLines, place: 'middle', nth: 5 },
      { statement: /^COMMIT/, inTransactionOf, place: 'before', nth: 7 },
      { statement: inTransactionOf, place: 'answer', nth: 9 },
      { statement: /^COMMIT/, inTransactionOf, place: 'answer', nth: 12 },
    ]);
  });
});

describe('a connection cut outside the chunks', () => {
  it.each([
    ['the plan, committed', /^INSERT INTO run_plan/, 'answer'],
    ['the plan, not committed', /^INSERT INTO run_plan/, 'before'],
    ['the finish, committed', /^INSERT INTO settlement_certificate/, 'answer'],
    ['the finish, not committed', /^INSERT INTO settlement_certificate/, 'before'],
    ['the door, committed', /SET status = 'CLOSING'/, 'answer'],
    ['the door, not committed', /SET status = 'CLOSING'/, 'before'],
  ] as const)('at the COMMIT of %s is outlasted', async (_name, behind, place) => {
    await settleThrough([{ statement: /^COMMIT/, inTransactionOf: behind, place, nth: 1 }]);
  });
});
