/** Posts a settled generation to the ledger, in the caller's transaction: all of it or nothing, however often and from however many processes. */
import { databaseMoment, forWholeDates, type Tx } from '../../infra/database.js';
import { isDuplicateKey, isNullRefused } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import { MagamError } from '../../kernel/errors.js';
import { type AccountRef, accountName } from '../ledger/rules/accounts.js';
import { type LedgerAccount, openAndShareAccounts } from '../ledger/stores/ledger-account.js';
import { addUpPostings, countUnbalanced, type NewPostings } from '../ledger/stores/ledger-balance.js';
import { readCertificate } from '../settlement/stores/certificate.js';
import { readyGeneration } from './ready-generations.js';
import {
  completePosted,
  findClosedAccount,
  type Generation,
  insertHeaders,
  insertPosted,
  insertPostingsOf,
  insertShopPaid,
  keysOf,
  openSellerAccounts,
  readMovedLegs,
  readPosted,
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
  const moved = await readMovedLegs(tx, one);
  // Those that all dates share come first: of two dates at the same time, the second waits before it holds an account that the first one needs.
  const accounts = await openAndShareAccounts(
    tx,
    moved.flatMap(({ shared }) => shared ?? []),
  );
  for (const [name, { closedAt }] of accounts) if (closedAt !== null) throw closed(one, name);
  await readyGeneration(tx, one);
  await openSellerAccounts(tx, one, moved);
  const posting = { ...keysOf(one), effectiveOn: date, recordedAt: await databaseMoment(tx) };
  const transactions = await insertHeaders(tx, one, posting.recordedAt);
  await faultPoint('posting.after-headers');
  const idOf = (ref: AccountRef): number => (accounts.get(accountName(ref)) as LedgerAccount).accountId;
  const postings = await insertPostingsOf(tx, one, posting.recordedAt, moved, idOf).catch(async (error: unknown) => {
    const account = isNullRefused(error) ? await findClosedAccount(tx, one, moved) : undefined;
    throw account === undefined ? error : closed(one, account);
  });
  await requireBalanced(tx, one, posting);
  await addUpPostings(tx, posting);
  await completePosted(tx, { ...one, transactions, postings });
  await faultPoint('posting.before-commit');
}

const closed = (one: Generation, account: string): MagamError =>
  new MagamError('LEDGER_ACCOUNT_CLOSED', undefined, { ...one, account });

/** Each new transaction is balanced. */
async function requireBalanced(tx: Tx, one: Generation, posting: NewPostings): Promise<void> {
  const unbalanced = await countUnbalanced(tx, posting);
  if (unbalanced === 0) return;
  throw new MagamError(
    'LEDGER_UNBALANCED',
    `${unbalanced} transactions of ${one.date} do not add up to zero; nothing was posted.`,
    { ...one, unbalanced },
  );
}
