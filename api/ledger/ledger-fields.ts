/** Accounts, transactions and wallets in JSON. */
import * as z from 'zod';
import { ACCOUNT_KIND_NAMES, onNormalSide } from '../../core/ledger/rules/accounts.js';
import { RULE_NAMES } from '../../core/ledger/rules/posting-rules.js';
import type { LedgerAccount } from '../../core/ledger/stores/ledger-account.js';
import type { StoredTransaction } from '../../core/ledger/stores/ledger-transaction.js';
import type { Wallet } from '../../core/ledger/stores/wallet.js';
import { amountMinor, businessDate, currency, id, idText, minorOf, moment } from '../edge/fields.js';

export const accountKind = z.enum(ACCOUNT_KIND_NAMES);
const owner = z
  .string()
  .meta({ description: "A seller, a provider or a shop; empty: the platform's own.", example: 'S7' });
export const ownerQuery = z
  .string()
  .max(64)
  .regex(/^[ -~]*$/, 'must be printable ASCII')
  .optional()
  .meta({ description: 'Only accounts of this seller, provider or shop.' });
export const accountParams = z.strictObject({ accountId: idText.meta({ description: 'The account.' }) });
export const transactionParams = z.strictObject({ transactionId: idText.meta({ description: 'The transaction.' }) });

const accountFields = {
  accountId: id,
  kind: accountKind,
  owner,
  currency,
  openedAt: moment,
  closedAt: moment.nullable().meta({ description: 'Null: it is open.' }),
};
const balanceMinor = amountMinor.meta({ description: 'Positive on the normal side of its kind.' });

export const accountSchema = z.object({ ...accountFields, balanceMinor }).meta({ id: 'LedgerAccount' });
export const balanceSchema = z
  .object({
    accountId: id,
    currency,
    asOf: businessDate.nullable(),
    recordedAt: moment.nullable(),
    balanceMinor,
  })
  .meta({ id: 'LedgerBalance' });

export const accountBody = (account: LedgerAccount, debitsLessCredits: bigint): z.input<typeof accountSchema> => ({
  ...account,
  balanceMinor: minorOf(onNormalSide(account.kind, debitsLessCredits)),
});

export const transactionSchema = z
  .object({
    transactionId: id,
    key: z.string().meta({ description: 'The cause of the transaction; nothing is posted twice under one key.' }),
    kind: z.enum([...RULE_NAMES, 'REVERSAL']),
    sellerId: z.string(),
    effectiveOn: businessDate,
    recordedAt: moment,
    reversesId: id.nullable(),
    reversedById: id.nullable(),
    requestedBy: z.string(),
    reason: z.string(),
    postings: z.array(
      z.object({
        accountId: id,
        kind: accountKind,
        owner,
        currency,
        amountMinor: amountMinor.meta({ description: 'A debit is positive, a credit negative.' }),
      }),
    ),
  })
  .meta({ id: 'LedgerTransaction' });

export const transactionBody = ({ postings, ...header }: StoredTransaction): z.input<typeof transactionSchema> => ({
  ...header,
  postings: postings.map(({ accountId, account, amountMinor: amount }) => ({
    accountId,
    ...account,
    amountMinor: minorOf(amount),
  })),
});

export const walletSchema = z
  .object({
    sellerId: z.string(),
    currencies: z.array(
      z.object({
        currency,
        paidNotSettledMinor: amountMinor.meta({ description: 'Paid by buyers, and not settled yet.' }),
        payableMinor: amountMinor.meta({
          description: 'Settled, and not paid out. Negative: refunds were more than sales.',
        }),
        reservedMinor: amountMinor.meta({ description: 'Kept back for a time.' }),
        onItsWayMinor: amountMinor.meta({ description: "Sent to the seller's bank, which has not confirmed it." }),
        paidOutMinor: amountMinor.meta({ description: 'Paid out so far.' }),
        owedMinor: amountMinor.meta({ description: 'What the seller owes the platform.' }),
      }),
    ),
  })
  .meta({ id: 'Wallet' });

export const walletBody = (sellerId: string, wallets: readonly Wallet[]): z.input<typeof walletSchema> => ({
  sellerId,
  currencies: wallets.map((wallet) => ({
    currency: wallet.currency,
    paidNotSettledMinor: minorOf(wallet.paidNotSettledMinor),
    payableMinor: minorOf(wallet.payableMinor),
    reservedMinor: minorOf(wallet.reservedMinor),
    onItsWayMinor: minorOf(wallet.onItsWayMinor),
    paidOutMinor: minorOf(wallet.paidOutMinor),
    owedMinor: minorOf(wallet.owedMinor),
  })),
});
