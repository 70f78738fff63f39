/** VERIFY_BOOKS: `magam ledger verify`, `magam statements verify` and `magam payouts verify` as a task. */
import { VERIFY_BOOKS } from '../../core/ledger/rules/verify-books-task.js';
import { faultPoint } from '../../infra/faults.js';
import { recordAudit } from '../../infra/stores/audit-log.js';
import { auditedOf, type BooksVerification, tellBooks, verifyBooks } from '../jobs/verify/verify-books.js';
import type { TaskRunner } from './task.js';

export const verifyBooksTask: TaskRunner = {
  kind: VERIFY_BOOKS,
  releasedAtOnce: true,
  async run({ db, task, signal }) {
    const { books } = VERIFY_BOOKS.parametersOf(task);
    const started = performance.now();
    const { trialBalances: _shown, ...verification } = await verifyBooks(db, books, signal);
    await tellBooks(db, books, verification);
    await faultPoint('verify-books.before-finish');
    const seconds = Math.round(performance.now() - started) / 1_000;
    return { status: 'COMPLETED', result: { ...verification, seconds } };
  },
  async ended(tx, task, end) {
    if (end.status !== 'COMPLETED') return;
    const { books } = VERIFY_BOOKS.parametersOf(task);
    const { seconds: _took, ...verification } = end.result as BooksVerification & { readonly seconds: number };
    await recordAudit(tx, {
      caller: null,
      userName: task.requestedBy,
      requestId: null,
      action: 'books.verify',
      subjectType: 'books',
      subjectId: books,
      before: null,
      after: { verificationId: task.taskId, ...auditedOf(verification) },
    });
  },
};
