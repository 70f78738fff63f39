/**
 * Finds the items that were recorded since a preview. Only the hash of the preview is known: the latest items are left out, moment by moment, until the draft
 * has that hash. The items that were left out are the new ones.
 */
import type { TransactionKind } from '../ledger/rules/posting-rules.js';
import { decideAccounts } from './close-accounts.js';
import type { AccountWithTerms, Closing } from './load-accounts.js';
import type { OpenAccount } from './rules/open-account.js';
import { netOf, netOfAll, sumOf } from './rules/sums.js';

export interface Moved {
  /** When it was recorded; as the database writes it. */
  readonly since: string;
  readonly settlements: readonly { readonly settledOn: string; readonly generation: number; readonly net: string }[];
  readonly transactions: readonly {
    readonly transactionId: number;
    readonly kind: TransactionKind;
    readonly amountMinor: bigint;
  }[];
}

/** The number of moments to look back. */
const LOOKS = 200;

const hasHash = (account: OpenAccount, hash: string, closing: Closing): boolean =>
  decideAccounts([account], closing).some(({ statements }) => statements.some((statement) => statement.hash === hash));

/** Undefined: new items are not the only change. */
export function whatMoved(account: OpenAccount, hash: string, closing: Closing): Moved | undefined {
  const recorded = [...account.settlements, ...account.items].map(({ recordedAt }) => recordedAt);
  const moments = [...new Set(recorded)].sort().reverse().slice(0, LOOKS);
  for (const since of moments) {
    const came = ({ recordedAt }: { readonly recordedAt: string }): boolean => recordedAt >= since;
    const [settlements, items] = [account.settlements.filter(came), account.items.filter(came)];
    const before: OpenAccount = {
      ...account,
      settlements: account.settlements.filter((one) => !came(one)),
      items: account.items.filter((one) => !came(one)),
      payableMinor: account.payableMinor - netOfAll(settlements) - sumOf(items),
    };
    if (!hasHash(before, hash, closing)) continue;
    return {
      since,
      settlements: settlements.map((one) => ({
        ...{ settledOn: one.settledOn, generation: one.generation, net: netOf(one) },
      })),
      transactions: items.map(({ transactionId, kind, amountMinor }) => ({ transactionId, kind, amountMinor })),
    };
  }
  return undefined;
}

/** Whether the draft has this hash under earlier terms. @param earlier the account's days under earlier and earlier revisions of the terms */
export const movedByTerms = (
  account: OpenAccount,
  earlier: readonly Pick<AccountWithTerms, 'timeline'>[],
  hash: string,
  closing: Closing,
): boolean => earlier.some(({ timeline }) => hasHash({ ...account, timeline }, hash, closing));
