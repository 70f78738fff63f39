/** One thread of a rung of the ladder: pages by OFFSET, the product's own arithmetic, one INSERT per line, one COMMIT per page. */
import { once } from 'node:events';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PolicyBook } from '../core/policies/rules/policy-book.js';
import { readPolicies } from '../core/policies/stores/fee-policy.js';
import { decideSales } from '../core/settlement/rules/decide.js';
import { insertLines } from '../core/settlement/stores/line.js';
import { inTransaction, openDatabase } from '../infra/database.js';
import { type OffsetPaging, readOffsetPage } from './offset-page.js';

export interface LadderTask {
  readonly url: string;
  readonly date: string;
  readonly paging: OffsetPaging;
  /** This thread takes the pages `first`, `first + every` … while they begin before `lines`. */
  readonly first: number;
  readonly every: number;
  readonly pageRows: number;
  readonly lines: number;
}

const task = workerData as LadderTask;
const port = parentPort as MessagePort;
const db = openDatabase(task.url, { poolMax: 1 });
try {
  const policies = new PolicyBook(await readPolicies(db));
  // The start of a thread is not part of the cost of a line.
  const go = once(port, 'message');
  port.postMessage('ready');
  await go;
  const step = task.every * task.pageRows;
  for (let offset = task.first * task.pageRows; offset < task.lines; offset += step) {
    const limit = Math.min(task.pageRows, task.lines - offset);
    const { lines } = decideSales(await readOffsetPage(db, task.paging, task.date, offset, limit), policies, new Map());
    await inTransaction(db, async (tx) => {
      for (const line of lines) await insertLines(tx, task.date, 1, [line], 'insert');
    });
  }
  port.postMessage('done');
} finally {
  port.close();
  await db.destroy();
}
