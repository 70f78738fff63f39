/** Posts a settled generation to the ledger, in the caller's transaction: all of it or nothing, however often and from however many processes. */
import { forWholeDates, type Tx } from '../../infra/database.js';
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
  readPosted,
  shareAccountsOf,
} from './stores/settlement-posting.js';

/**
 * Posts a certified generation, unless it is in the ledger. A second call at the same time waits for the commit and finds it done. It takes some seconds for a
 * million lines.
 * Throws DATE_NOT_SETTLED where there is no certificate, LEDGER_ACCOUNT_CLOSED, and LEDGER_UNBALANCED where the trial balance would not be zero.
 */
export async function postGeneration(tx: Tx, one: Generation): Promise<void> {
  if ((await readPosted(tx, one)) === undefined && (await claim(tx, one))) await post(forWholeDates(tx), one);
}

/** False: somebody else has posted it meanwhile. A violated key takes back only the statement, so the transaction goes on. */
const claim = (tx: Tx, one: Generation): Promise<boolean> =>
  insertPosted(tx, one).then(
    () => true,
    (error: unknown) => {
      if (!isDuplicateKey(error)) throw error;
      return false;
    },
  );

async function post(tx: Tx, one: Generation): Promise<void> {
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
  await completePosted(tx, { ...one, transactions, postings });
  await faultPoint('posting.before-commit');
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
