/** PAYOUT_RESULT: the import of a bank's result file that was uploaded, as a background task. */
import { taskKind } from '../../tasks/rules/background-task.js';

/** What a PAYOUT_RESULT is asked with. */
export interface ResultParameters {
  /** A layout of rules/bank-files. */
  readonly layout: string;
  readonly fileId: string;
  /** As the uploader calls it. */
  readonly fileName: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** The result file on its way to the runner: it is deleted when the task has ended. */
export const RESULT_FILE = { purpose: 'RESULT', keptDays: 0 } as const;

export const PAYOUT_RESULT = taskKind<ResultParameters>('PAYOUT_RESULT', [RESULT_FILE]);
