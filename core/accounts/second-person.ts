/** The rule of two people: one proposes and another approves, and neither can have acted as the other. */
import type { Tx } from '../../infra/database.js';
import { type Caller, nameOf } from '../../kernel/access.js';
import { readAccount } from './stores/account.js';

/** Who acts: the owner of an account, or a user of the command line under the name that the operating system gives. */
export type Person = { readonly caller: Caller } | { readonly userName: string };

export const personName = (person: Person): string => ('caller' in person ? nameOf(person.caller) : person.userName);
export const accountOf = (person: Person): number | null => ('caller' in person ? person.caller.accountId : null);

/** Who proposed something, as it was recorded then. */
export interface Proposer {
  readonly proposedBy: string;
  /** Null: at the command line. */
  readonly proposerAccountId: number | null;
  /** Who had given the proposer's account the role or a password when it was proposed. */
  readonly proposerAccessFrom: number | null;
}

/** Whether it was this person who proposed it. */
export const isProposer = (person: Person, { proposedBy, proposerAccountId }: Proposer): boolean =>
  accountOf(person) === proposerAccountId && (proposerAccountId !== null || personName(person) === proposedBy);

/**
 * Whether the approver is another person than the proposer. A user of the command line and the owner of an account may be the same person, so one of each is
 * not two people.
 */
export async function isSecondPerson(tx: Tx, approver: Person, proposer: Proposer): Promise<boolean> {
  const approverId = accountOf(approver);
  const { proposerAccountId, proposerAccessFrom } = proposer;
  if (approverId === null || proposerAccountId === null)
    return approverId === proposerAccountId && !isProposer(approver, proposer);
  return isSecondAccount(tx, approverId, proposerAccountId, proposerAccessFrom);
}

/** Whether neither account gave the other its role or a password, with which it could have signed in as the other. */
export async function isSecondAccount(
  tx: Tx,
  approverId: number,
  proposerId: number,
  proposerAccessFrom: number | null,
): Promise<boolean> {
  const [proposer, approver] = [await readAccount(tx, proposerId), await readAccount(tx, approverId)];
  return (
    ![proposerId, proposerAccessFrom, proposer?.accessGivenBy].includes(approverId) &&
    approver?.accessGivenBy !== proposerId
  );
}
