/** `magam whatif` tries only lines that are as they were certified. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Ended } from '../../scripts/chaos/magam.mjs';
import { type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import { draftedPolicy } from '../support/draft-scene.js';
import { createDatabase, documentOf, type FailureDocument, magamOf } from '../support/settling.js';

const [DAY, LAST_DAY] = ['2026-04-01', '2026-04-03'] as const;
/** Reaches few of the lines; the others are not read to be tried. */
const draft = [draftedPolicy('of-one', { seller: 'seller-000002' }, {})];

interface Answer {
  readonly runId: number;
  readonly alreadyDone: boolean;
  readonly touched: number;
}

let plain: ScratchDatabase;
let folder: string;
let asked: string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'magam-what-if-'));
  const file = join(folder, 'draft.json');
  writeFileSync(file, JSON.stringify({ policies: draft }));
  asked = ['whatif', '--policies', file, '--from', DAY, '--to', LAST_DAY, '--json'];
  plain = await createDatabase();
  await seed(plain, { lines: 500, sellers: 10, date: DAY });
  const settled = ['settle', '--from', DAY, '--to', LAST_DAY, '--grid-size', '3', '--workers', '1'];
  expect(await magamOf(plain, settled)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await plain.drop();
  rmSync(folder, { recursive: true });
});

const run = (...more: string[]): Promise<Ended> => magamOf(plain, [...asked, ...more], { MAGAM_WORKERS: '1' });
async function ask(...more: string[]): Promise<Answer> {
  const ended = await run(...more);
  expect(ended).toMatchObject({ code: 0 });
  return documentOf<Answer>(ended);
}
const answerOf = ({ alreadyDone: _done, runId: _run, ...answer }: Answer): object => ({ ...answer, seconds: 0 });

describe('what is not as it was certified', () => {
  /** What a change of the books makes of the question; the change is taken back. */
  async function damaged(change: string, undo: string) {
    await plain.change(`DELETE FROM job_instance WHERE job = 'what-if'`); // as if it had not been asked
    await plain.change(change);
    try {
      const ended = await run();
      return {
        code: ended.code,
        error: documentOf<FailureDocument>(ended).error,
        verified: await magamOf(plain, ['verify', '--date', DAY]),
      };
    } finally {
      await plain.change(undo);
    }
  }
  const ofLine = `WHERE settled_on = '${DAY}' AND leg = 0 AND seller_id = 'seller-000001' ORDER BY entry_id LIMIT 1`;

  it.each([
    [
      'a figure',
      `UPDATE settlement_line SET fee = fee + 1 ${ofLine}`,
      `UPDATE settlement_line SET fee = fee - 1 ${ofLine}`,
    ],
    [
      'the generation, which takes a line away from the certificate',
      `UPDATE settlement_line SET generation = 9 ${ofLine}`,
      `UPDATE settlement_line SET generation = 1 WHERE generation = 9`,
    ],
  ])('are lines with a change: %s', async (_what, change, undo) => {
    const expected = answerOf(await ask());
    const { code, error, verified } = await damaged(change, undo);
    expect({ code, error }).toMatchObject({ code: 4, error: { code: 'VERIFICATION_FAILED' } });
    expect(error.message).toContain(`magam verify --date ${DAY}`);
    expect(verified.code).toBe(4);
    expect(answerOf(await ask())).toEqual(expected); // the same command continues once the lines are restored
  });

  it.each([
    ['changed', `CONCAT(body, ' ')`, 'TRIM(body)'],
    ['no certificate any more', `CONCAT('x', body)`, 'SUBSTRING(body, 2)'],
  ])('is a certificate whose text was %s', async (_what, change, undo) => {
    const set = (body: string) => `UPDATE settlement_certificate SET body = ${body} WHERE settled_on = '${DAY}'`;
    const { code, error, verified } = await damaged(set(change), set(undo));
    expect({ code, error }).toMatchObject({ code: 4, error: { code: 'VERIFICATION_FAILED' } });
    expect(error.message).toContain(`magam verify --date ${DAY}`);
    expect(verified.code).toBe(4);
    await ask();
  });

  it('is a settled date whose certificate is gone', async () => {
    const move = (from: string, to: string) =>
      `UPDATE settlement_certificate SET settled_on = '${to}' WHERE settled_on = '${from}'`;
    const { code, error, verified } = await damaged(move(DAY, '2099-01-01'), move('2099-01-01', DAY));
    expect({ code, error }).toMatchObject({
      code: 4,
      error: { code: 'VERIFICATION_FAILED', details: { date: DAY } },
    });
    expect(verified.code).toBe(4);
    expect(verified.stdout).toMatch(
      /certificates: certificates of 2026-04-01\n +expected one of each generation\n +actual +0/,
    );
    await ask();
  });

  it('is worked out again on request', async () => {
    const first = await ask();
    expect(await ask()).toMatchObject({ alreadyDone: true });
    await plain.change('UPDATE what_if_effect SET changed = changed + 1');
    expect(answerOf(await ask())).not.toEqual(answerOf(first));
    expect(await ask('--again')).toMatchObject({
      ...answerOf(first),
      seconds: expect.any(Number),
      alreadyDone: false,
    });
    expect(answerOf(await ask())).toEqual(answerOf(first));
  });
});
