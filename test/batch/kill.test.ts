/** SIGKILL at every named point of a run: the same command finishes the date, to the same certificate. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { documentOf, Settling } from '../support/settling.js';

let feed: Settling;
beforeAll(async () => {
  feed = await Settling.create();
});
afterAll(() => feed.drop());
beforeEach(() => feed.reset());

describe('SIGKILL', () => {
  it.each([
    'run.opened:kill',
    'run.before-plan-commit:kill',
    'run.planned:kill',
    'partition.start:kill',
    'partition.start:kill:3',
    'chunk.in-transaction:kill',
    'chunk.in-transaction:kill:5',
    'chunk.before-commit:kill:2',
    'chunk.before-commit:kill:7',
    'chunk.commit:kill:3',
    'chunk.after-commit:kill',
    'chunk.after-commit:kill:7',
    'run.before-finish-commit:kill',
  ])('at %s', async (fault) => {
    expect(await feed.settle({ MAGAM_FAULT: fault })).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    expect(await feed.finish()).toMatchObject({ alreadyDone: false });
  });

  it('after the finish has committed: there is nothing left to do', async () => {
    expect(await feed.settle({ MAGAM_FAULT: 'run.finished:kill' })).toMatchObject({ signal: 'SIGKILL' });
    expect(await feed.finish()).toMatchObject({ alreadyDone: true });
  });

  it('again and again, and each time a little further', async () => {
    const fault = { MAGAM_FAULT: 'chunk.before-commit:kill:4' };
    let killed = 0;
    for (let ended = await feed.settle(fault); ended.signal !== null; ended = await feed.settle(fault)) {
      expect(ended.signal).toBe('SIGKILL');
      killed += 1;
    }
    expect(killed).toBeGreaterThan(1);
    await feed.finish();
  });

  it('leaves the history of both executions', async () => {
    await feed.settle({ MAGAM_FAULT: 'chunk.before-commit:kill:3' });
    const { runId } = await feed.finish();
    const shown = await feed.run(['runs', 'show', String(runId), '--json']);
    const { executions } = documentOf<{ executions: { status: string; exitCode: number | null }[] }>(shown);
    expect(executions.at(-1)).toMatchObject({ status: 'COMPLETED', exitCode: 0 });
    expect(executions).toHaveLength(2);
  });
});
