/** Whether a transaction may be posted. The refusals come in a fixed order: of several that apply the first is given. */
import { type Refusal, refuse } from '../../../kernel/errors.js';
import { ACCOUNT_KINDS, type AccountRef, accountName, type NewPosting, onNormalSide } from './accounts.js';
import { ruleOf, type TransactionKind } from './posting-rules.js';

export interface NewTransaction {
  /** At most 160 printable ASCII characters that say what it is about: nothing is posted twice under one key. */
  readonly key: string;
  readonly kind: TransactionKind;
  /** Whom it is about. */
  readonly sellerId: string;
  /** The business date that it counts for. */
  readonly effectiveOn: string;
  /** Each account at most once. */
  readonly postings: readonly NewPosting[];
  readonly reversesId?: number;
  readonly requestedBy: string;
  readonly reason?: string;
}

/** What an account is at the moment of posting. */
export interface AccountState {
  readonly closed: boolean;
  /** Debits less credits (minor units). */
  readonly balanceMinor: bigint;
}

export type PostedContent = Pick<NewTransaction, 'kind' | 'sellerId' | 'effectiveOn' | 'postings'>;

const amountsOf = ({ postings }: PostedContent): Map<string, bigint> =>
  new Map(postings.map(({ account, amountMinor }) => [accountName(account), amountMinor]));

/** Whether a transaction that is there under the same key is the same; else LEDGER_EXISTS_OTHER_AMOUNT or LEDGER_EXISTS_OTHERWISE. */
export function judgeExisting(key: string, wanted: PostedContent, posted: PostedContent): Refusal | undefined {
  const [mine, theirs] = [amountsOf(wanted), amountsOf(posted)];
  const accounts = new Set([...mine.keys(), ...theirs.keys()]);
  const same =
    wanted.kind === posted.kind &&
    wanted.sellerId === posted.sellerId &&
    wanted.effectiveOn === posted.effectiveOn &&
    accounts.size === mine.size &&
    accounts.size === theirs.size;
  if (!same) return refuse('LEDGER_EXISTS_OTHERWISE', { key });
  const differing = [...accounts].find((name) => mine.get(name) !== theirs.get(name));
  return differing === undefined ? undefined : refuse('LEDGER_EXISTS_OTHER_AMOUNT', { key, account: differing });
}

/**
 * Whether a new transaction may be posted. In this order: LEDGER_POSTINGS_INVALID (fewer than two, an amount of zero, an account twice), LEDGER_UNBALANCED,
 * LEDGER_ACCOUNT_CLOSED, LEDGER_LIMIT_EXCEEDED.
 */
export const judgeNew = (wanted: NewTransaction, stateOf: (account: AccountRef) => AccountState): Refusal | undefined =>
  judgePostings(wanted) ?? judgeSums(wanted) ?? judgeAccounts(wanted, stateOf);

function judgePostings({ key, postings }: NewTransaction): Refusal | undefined {
  const accounts = new Set(postings.map(({ account }) => accountName(account)));
  const invalid =
    postings.length < 2 || accounts.size < postings.length || postings.some(({ amountMinor }) => amountMinor === 0n);
  return invalid ? refuse('LEDGER_POSTINGS_INVALID', { key, postings: postings.length }) : undefined;
}

function judgeSums({ key, postings }: NewTransaction): Refusal | undefined {
  const sums = new Map<string, bigint>();
  for (const { account, amountMinor } of postings)
    sums.set(account.currency, (sums.get(account.currency) ?? 0n) + amountMinor);
  for (const [currency, sum] of sums)
    if (sum !== 0n) return refuse('LEDGER_UNBALANCED', { key, currency, sum: sum.toString() });
  return undefined;
}

function judgeAccounts(
  { key, kind, postings }: NewTransaction,
  stateOf: (account: AccountRef) => AccountState,
): Refusal | undefined {
  const closed = postings.find(({ account }) => stateOf(account).closed);
  if (closed !== undefined) return refuse('LEDGER_ACCOUNT_CLOSED', { key, account: accountName(closed.account) });
  const { overdraws } = ruleOf(kind);
  for (const { account, amountMinor } of postings) {
    if (!ACCOUNT_KINDS[account.kind].floor || overdraws.includes(account.kind)) continue;
    const before = stateOf(account).balanceMinor;
    const after = onNormalSide(account.kind, before + amountMinor);
    // What is below zero already may be filled up.
    if (after < 0n && after < onNormalSide(account.kind, before))
      return refuse('LEDGER_LIMIT_EXCEEDED', { key, account: accountName(account), balanceMinor: after.toString() });
  }
  return undefined;
}
