/** Whether a date whose statements were closed has something to close again. */
import type { Db } from '../../infra/database.js';
import { businessCalendar } from '../business-days/keep-calendar.js';
import { decideAccounts } from './close-accounts.js';
import { loadAccounts, mayClose, withTerms } from './load-accounts.js';
import { covered } from './rules/close-account.js';
import { readMissingTerms, readNeverClosed } from './stores/payable-account.js';

const ACCOUNTS = 1_000;

/** Whether sellers who had no terms have some now, or accounts without a closed period have a period that ends on the date or before it. Writes nothing. */
export const isLeftToClose = async (db: Db, through: string): Promise<boolean> =>
  (await gotTerms(db, through)) || (await appeared(db, through));

async function gotTerms(db: Db, through: string): Promise<boolean> {
  const missing = await withTerms(db, await readMissingTerms(db, ACCOUNTS));
  return missing.some(
    ({ timeline, termsMissingOn }) =>
      termsMissingOn !== null && termsMissingOn <= through && covered(timeline, termsMissingOn),
  );
}

/**
 * A supplement may have opened the account of a seller after the close, or have brought the first thing for an early date to one that had only later ones. Whoever
 * has closed a period before gets late entries on the next statement. So only accounts without a closed period are checked, in the same way as a close does.
 */
async function appeared(db: Db, through: string): Promise<boolean> {
  const closing = { through, calendar: await businessCalendar(db) };
  let after = 0;
  for (;;) {
    const page = await withTerms(db, await readNeverClosed(db, after, ACCOUNTS));
    if (page.some(({ timeline }) => !timeline.some(({ from }) => from <= through))) return true; // the account is recorded as one without terms
    const due = page.filter((account) => mayClose(account, closing));
    const decided = decideAccounts(await loadAccounts(db, due, through), closing);
    if (decided.some(({ closed }) => closed.statements.length > 0 || closed.termsMissingOn !== null)) return true;
    const last = page.at(-1);
    if (last === undefined || page.length < ACCOUNTS) return false;
    after = last.accountId;
  }
}
