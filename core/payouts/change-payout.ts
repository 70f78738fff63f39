/**
 * What people do to payouts: hold, release, approve, cancel, retry. Each works on a payout that is locked, and each change is in the history. A refusal that is
 * returned may have changed something (a void approval was withdrawn), so the caller commits it.
 */
import type { Db, Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { accountOf, isSecondPerson, type Person, personName } from '../accounts/second-person.js';
import { readAccount } from '../accounts/stores/account.js';
import { changedRefusal, hashOf, lockedFor, makeStep, readCurrent, voidApproval, whatChanged } from './payout-step.js';
import { freeClaims, insertApproval, type Maker, NO_APPROVAL, type Payout } from './stores/payout.js';

/** The state that the approver has seen, all of it required. */
export interface SeenPayout {
  readonly payoutId: number;
  /** Minor units. */
  readonly amountMinor: bigint;
  readonly bankAccountId: number;
  readonly hash: string;
}

/** A payout that is changed, and the reason. */
export interface Asked {
  readonly payoutId: number;
  readonly reason: string;
}

/** Stops a payout; an approval is withdrawn. @returns PAYOUT_NOT_FOUND, PAYOUT_STATE_WRONG */
export async function holdPayout(tx: Tx, person: Person, { payoutId, reason }: Asked): Promise<Payout | Refusal> {
  const payout = await lockedFor(tx, payoutId, 'hold');
  return isRefusal(payout)
    ? payout
    : makeStep(tx, personName(person), payout, 'hold', { reason, columns: NO_APPROVAL });
}

/** Lets a held payout continue; it has to be approved. @returns PAYOUT_NOT_FOUND, PAYOUT_STATE_WRONG */
export async function releasePayout(tx: Tx, person: Person, { payoutId, reason }: Asked): Promise<Payout | Refusal> {
  const payout = await lockedFor(tx, payoutId, 'release');
  return isRefusal(payout) ? payout : makeStep(tx, personName(person), payout, 'release', { reason });
}

/** Gives a payout up: its statements may be proposed again. @returns PAYOUT_NOT_FOUND, PAYOUT_STATE_WRONG */
export async function cancelPayout(tx: Tx, person: Person, { payoutId, reason }: Asked): Promise<Payout | Refusal> {
  const payout = await lockedFor(tx, payoutId, 'cancel');
  if (isRefusal(payout)) return payout;
  await freeClaims(tx, payoutId);
  await faultPoint('payout.claims-freed');
  return makeStep(tx, personName(person), payout, 'cancel', { reason, columns: NO_APPROVAL });
}

/**
 * Tries a payout again that has failed or came back: the same payout with the same claims, as another attempt, to the account that may be paid to now. Whoever
 * asks is its maker, so somebody else approves it. @returns PAYOUT_NOT_FOUND, PAYOUT_STATE_WRONG, SELLER_NOT_FOUND, BANK_ACCOUNT_WAITING
 */
export async function retryPayout(tx: Tx, person: Person, { payoutId, reason }: Asked): Promise<Payout | Refusal> {
  const payout = await lockedFor(tx, payoutId, 'retry');
  if (isRefusal(payout)) return payout;
  const { account, statements } = (await readCurrent(tx, [payout]))(payoutId);
  if (isRefusal(account)) return account;
  const { bankAccountId } = account;
  const attempt = payout.attempt + 1;
  const hash = hashOf({ ...payout, bankAccountId, attempt }, statements);
  const { name, accountId, accessFrom } = await makerOf(tx, person);
  const maker = { maker: name, maker_account_id: accountId, maker_access_from: accessFrom };
  return makeStep(tx, personName(person), payout, 'retry', {
    columns: { ...NO_APPROVAL, ...maker, attempt, bank_account_id: bankAccountId, hash },
    ...{ reason, attempt, detail: { bankAccountId, hash } },
  });
}

/**
 * Approves a payout as the approver has seen it.
 * @returns PAYOUT_NOT_FOUND, PAYOUT_STATE_WRONG; PAYOUT_APPROVER_NOT_SECOND where the approver proposed it, or one of the two gave the other their access;
 * SELLER_NOT_FOUND, BANK_ACCOUNT_WAITING; PAYOUT_CHANGED where amount, account or hash are not what was seen, the seller is suspended, or is paid to another account
 * now, which the payout then names
 */
export async function approvePayout(tx: Tx, person: Person, seen: SeenPayout): Promise<Payout | Refusal> {
  const { payoutId } = seen;
  const payout = await lockedFor(tx, payoutId, 'approve');
  if (isRefusal(payout)) return payout;
  if (!(await isSecond(tx, person, payout)))
    return refuse('PAYOUT_APPROVER_NOT_SECOND', { payoutId, maker: payout.maker?.name, approver: personName(person) });
  const current = (await readCurrent(tx, [payout]))(payoutId);
  if (isRefusal(current.account)) return current.account;
  const changed = whatChanged(payout, current);
  if (changed.length > 0)
    return changedRefusal(payout, await voidApproval(tx, personName(person), payout, current, changed), changed);
  const differing = (['amountMinor', 'bankAccountId', 'hash'] as const).filter((name) => payout[name] !== seen[name]);
  if (differing.length > 0) return changedRefusal(payout, payout, differing);
  await insertApproval(tx, payoutId, personName(person));
  const { amountMinor, bankAccountId, hash } = payout;
  const approved = await makeStep(tx, personName(person), payout, 'approve', {
    detail: { amountMinor: String(amountMinor), bankAccountId, hash },
  });
  await faultPoint('payout.approved');
  return approved;
}

/** Whether the approver is another person than the maker. The schedule counts as no person. */
const isSecond = async (tx: Tx, person: Person, { maker }: Payout): Promise<boolean> =>
  maker === null ||
  isSecondPerson(tx, person, {
    proposedBy: maker.name,
    proposerAccountId: maker.accountId,
    proposerAccessFrom: maker.accessFrom,
  });

/** Somebody as the maker of a payout. */
export async function makerOf(db: Db, person: Person): Promise<Maker> {
  const accountId = accountOf(person);
  const account = accountId === null ? undefined : await readAccount(db, accountId);
  return { name: personName(person).slice(0, 64), accountId, accessFrom: account?.accessGivenBy ?? null };
}
