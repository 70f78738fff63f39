/** Proposing payouts in a worker thread: a page of accounts after the other, each read, decided and claimed in one transaction. */
import { PROPOSE_STEP } from '../../../core/jobs/rules/chain.js';
import type { ProposalPlan } from '../../../core/payouts/proposal.js';
import { proposePayouts } from '../../../core/payouts/propose-payouts.js';
import { readPayablePage } from '../../../core/statements/stores/payable-account.js';
import type { ErrorCode } from '../../../kernel/errors.js';
import type { Chunk, PassInHand, PassTask, Thread, ThreadJob } from '../../engine/job.js';

/**
 * The most accounts of a page: their claims are written well within a lease, and MariaDB reads them by their keys. It turns a list of 1,000 values into a join with a temporary
 * table (`in_predicate_conversion_threshold`).
 */
const PAGE_ACCOUNTS = 900;

export class ProposeThread implements ThreadJob {
  readonly name = PROPOSE_STEP.job;
  readonly finalErrors = new Set<ErrorCode>(['TERMS_UNREADABLE']);

  async begin(task: PassTask, { db, board, slot }: Thread): Promise<PassInHand> {
    const { maker } = task.parameters as ProposalPlan;
    const proposing = { date: task.key, maker, runId: task.runId };
    return {
      page: async (after): Promise<Chunk> => {
        const rowsMax = Math.min(task.chunkRows, PAGE_ACCOUNTS);
        const accounts = await readPayablePage(db, after, task.hi, rowsMax);
        board.tick(slot);
        return {
          cursorId: accounts.length < rowsMax ? task.hi : (accounts.at(-1)?.accountId ?? task.hi),
          done: accounts.length,
          exceptions: 0,
          checkpoint: null,
          write: async (tx) => void (await proposePayouts(tx, accounts, proposing)),
          advance: () => undefined,
        };
      },
    };
  }
}
