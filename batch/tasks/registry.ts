/** The kinds of tasks that a runner carries out. A task of another kind, requested by a newer program, waits for a runner that knows it. */
import { importTask } from './import-task.js';
import { payoutResultTask } from './payout-result-task.js';
import { policyCheckTask } from './policy-check-task.js';
import type { TaskRunner } from './task.js';
import { taxInvoiceTask } from './tax-invoice-task.js';
import { verifyBooksTask } from './verify-books-task.js';
import { verifyTask } from './verify-task.js';

export const taskRunners: readonly TaskRunner[] = [
  verifyTask,
  verifyBooksTask,
  policyCheckTask,
  importTask,
  payoutResultTask,
  taxInvoiceTask,
];
export const taskKinds = taskRunners.map(({ kind }) => kind);
