/** Closing statements in a worker thread: a page of accounts after the other, each read, decided and written in one transaction. */

import { keptCalendar } from '../../../core/business-days/keep-calendar.js';
import { BusinessCalendar } from '../../../core/business-days/rules/business-calendar.js';
import { CLOSE_STEP } from '../../../core/jobs/rules/chain.js';
import { closeAccounts } from '../../../core/statements/close-accounts.js';
import { readPayablePage } from '../../../core/statements/stores/payable-account.js';
import { forWholeDates } from '../../../infra/database.js';
import type { ErrorCode } from '../../../kernel/errors.js';
import type { Chunk, PassInHand, PassTask, Thread, ThreadJob } from '../../engine/job.js';
import type { ClosePlan } from './plan.js';

/** The most accounts of a page: a month of settlements of all of them is some ten thousand rows, written well within a lease. */
const PAGE_ACCOUNTS = 400;

/** The issuer of statements that a run has issued. */
const ISSUED_BY = 'system';

export class CloseThread implements ThreadJob {
  readonly name = CLOSE_STEP.job;
  readonly finalErrors = new Set<ErrorCode>(['LEDGER_ACCOUNT_CLOSED', 'BUSINESS_DAY_UNKNOWN', 'TERMS_UNREADABLE']);
  /** The data that the thread keeps from one partition to the next; a version never changes. */
  private calendar: BusinessCalendar | undefined;

  async begin(task: PassTask, { db, board, slot }: Thread): Promise<PassInHand> {
    const { calendarVersion } = task.parameters as ClosePlan;
    const calendar = await this.calendarOf(db, calendarVersion);
    const closing = { through: task.key, calendar };
    return {
      page: async (after): Promise<Chunk> => {
        const rowsMax = Math.min(task.chunkRows, PAGE_ACCOUNTS);
        const ids = (await readPayablePage(db, after, task.hi, rowsMax)).map(({ accountId }) => accountId);
        board.tick(slot);
        return {
          cursorId: ids.length < rowsMax ? task.hi : (ids.at(-1) as number),
          done: ids.length,
          exceptions: 0,
          checkpoint: null,
          write: async (tx) => {
            await closeAccounts(forWholeDates(tx), ids, closing, { issuedBy: ISSUED_BY, runId: task.runId });
          },
          advance: () => undefined,
        };
      },
    };
  }

  private async calendarOf(db: Thread['db'], version: number): Promise<BusinessCalendar> {
    if (this.calendar?.version === version) return this.calendar;
    const { holidays } = await keptCalendar(db, version);
    this.calendar = new BusinessCalendar(version, holidays);
    return this.calendar;
  }
}
