/** The canonical text of a payout, whose hash an approval names. */

export interface PayoutContent {
  readonly sellerId: string;
  readonly currency: string;
  /** Minor units. */
  readonly amountMinor: bigint;
  /** Business date. */
  readonly payoutOn: string;
  readonly bankAccountId: number;
  /** From 1; absent: the first one. */
  readonly attempt?: number;
  readonly statements: readonly { readonly statementId: number; readonly hash: string }[];
}

/**
 * One line each: seller, currency, amount, date, bank account, the attempt where it is not the first, and each statement with its hash, by id. Every line ends in a
 * line feed.
 */
export const payoutText = ({ statements, attempt = 1, ...payout }: PayoutContent): string =>
  [
    'magam payout 1',
    `seller ${payout.sellerId}`,
    `currency ${payout.currency}`,
    `amount ${payout.amountMinor}`,
    `payout-on ${payout.payoutOn}`,
    `bank-account ${payout.bankAccountId}`,
    ...(attempt === 1 ? [] : [`attempt ${attempt}`]),
    ...[...statements]
      .sort((a, b) => a.statementId - b.statementId)
      .map(({ statementId, hash }) => `statement ${statementId} ${hash}`),
    '',
  ].join('\n');
