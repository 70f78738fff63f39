/** Posts a settled generation to the ledger: all of it in one transaction of the database, or nothing, however often and by however many it is tried. */
import { type Db, forWholeDates, inTransaction, type Tx } from '../../infra/database.js';
import { isDuplicateKey } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import { MagamError } from '../../kernel/errors.js';
import { addUpPostings, readTrialBalances, sumPosted } from '../ledger/stores/ledger-balance.js';
import { readCertificate } from '../settlement/stores/certificate.js';
import { readyGeneration } from './ready-generations.js';
import {
  completePosted,
  type Generation,
  insertHeaders,
  insertPosted,
  insertPostingsOf,
  insertShopPaid,
  keysOf,
  openAccountsOf,
  type PostedGeneration,
  readPosted,
  shareAccountsOf,
} from './stores/settlement-posting.js';

export interface PostingReport extends PostedGeneration {
  /** It was in the ledger before. */
  readonly alreadyDone: boolean;
}

/**
 * Posts a certified generation. Whoever dies in the middle leaves nothing, and the next one posts it; whoever comes at the same time waits and finds it done.
 * Throws DATE_NOT_SETTLED where there is no certificate, LEDGER_ACCOUNT_CLOSED, and LEDGER_UNBALANCED where the trial balance would not be zero.
 */
export async function postGeneration(db: Db, one: Generation): Promise<PostingReport> {
  const before = await readPosted(db, one);
  if (before !== undefined) return { ...before, alreadyDone: true };
  try {
    const posted = await inTransaction(db, (tx) => post(forWholeDates(tx), one));
    await faultPoint('posting.posted');
    return { ...posted, alreadyDone: false };
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const meanwhile = await readPosted(db, one);
    if (meanwhile === undefined) throw error;
    return { ...meanwhile, alreadyDone: true };
  }
}

async function post(tx: Tx, one: Generation): Promise<PostedGeneration> {
  await insertPosted(tx, one);
  const { date, generation } = one;
  if ((await readCertificate(tx, date, generation)) === undefined)
    throw new MagamError('DATE_NOT_SETTLED', `Generation ${generation} of ${date} is not certified.`, { ...one });
  await insertShopPaid(tx, one);
  await readyGeneration(tx, one);
  await openAccountsOf(tx, one);
  const account = await shareAccountsOf(tx, one);
  if (account !== undefined) throw new MagamError('LEDGER_ACCOUNT_CLOSED', undefined, { ...one, account });
  await insertHeaders(tx, one);
  await faultPoint('posting.after-headers');
  await insertPostingsOf(tx, one);
  await addUpPostings(tx, keysOf(one));
  const { transactions, postings } = await requireBalanced(tx, one);
  const posted = { ...one, transactions, postings };
  await completePosted(tx, posted);
  await faultPoint('posting.before-commit');
  return posted;
}

/** Each new transaction is balanced, and so are all balances of the ledger together, currency by currency. */
async function requireBalanced(tx: Tx, one: Generation): Promise<{ transactions: number; postings: number }> {
  const posted = await sumPosted(tx, keysOf(one));
  const tilted = (await readTrialBalances(tx)).filter(({ debitMinor, creditMinor }) => debitMinor !== creditMinor);
  if (posted.unbalanced === 0 && tilted.length === 0) return posted;
  const currencies = tilted.map(({ currency }) => currency);
  throw new MagamError('LEDGER_UNBALANCED', `The trial balance of ${one.date} is not zero; nothing was posted.`, {
    ...one,
    unbalanced: posted.unbalanced,
    currencies,
  });
}
