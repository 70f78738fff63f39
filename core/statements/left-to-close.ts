/** Whether a date whose statements were closed has something to close again. */
import type { Db } from '../../infra/database.js';
import { businessCalendar } from '../business-days/keep-calendar.js';
import { decideAccounts } from './close-accounts.js';
import { loadAccounts, mayClose, missingTerms, withTerms } from './load-accounts.js';
import { covered } from './rules/close-account.js';
import { readBehind, readMissingTerms } from './stores/payable-account.js';

const ACCOUNTS = 1_000;

/** Whether sellers who had no terms have some now, or accounts have a period that ends on the date or before it and is not closed. Writes nothing. */
export const isLeftToClose = async (db: Db, through: string): Promise<boolean> =>
  (await gotTerms(db, through)) || (await hasOpenPeriods(db, through));

async function gotTerms(db: Db, through: string): Promise<boolean> {
  const missing = await withTerms(db, await readMissingTerms(db, ACCOUNTS));
  return missing.some(
    ({ timeline, termsMissingOn }) =>
      termsMissingOn !== null && termsMissingOn <= through && covered(timeline, termsMissingOn),
  );
}

/**
 * The date may have been closed before it had entries. A supplement may have opened the account of a seller since, or have brought the first thing for an early date to one
 * that had only later ones. New terms may have ended a period. Such accounts are decided as a close does it. Whoever is closed through the date gets what comes late on the
 * next statement.
 */
async function hasOpenPeriods(db: Db, through: string): Promise<boolean> {
  const closing = { through, calendar: await businessCalendar(db) };
  let after = 0;
  for (;;) {
    const page = await withTerms(db, await readBehind(db, through, after, ACCOUNTS));
    if ((await missingTerms(db, page, through)).length > 0) return true; // it is noted as one without terms
    const due = mayClose(page, closing);
    const decided = decideAccounts(await loadAccounts(db, due, through), closing);
    if (
      decided.some(
        ({ account, closed }) => closed.closedThrough !== account.closedThrough || closed.termsMissingOn !== null,
      )
    )
      return true;
    const last = page.at(-1);
    if (last === undefined || page.length < ACCOUNTS) return false;
    after = last.accountId;
  }
}
