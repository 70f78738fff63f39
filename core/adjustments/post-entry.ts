/** An approved entry in the ledger: one transaction for its amount and one for its fee, by keys that name the entry. */
import type { Db, Tx } from '../../infra/database.js';
import { decided } from '../../kernel/outcome.js';
import { postTransactions } from '../ledger/post-transactions.js';
import { reverseTransaction } from '../ledger/reverse-transaction.js';
import { postingsOf, type RuleName } from '../ledger/rules/posting-rules.js';
import { readByKeys, readTransaction, type StoredTransaction } from '../ledger/stores/ledger-transaction.js';
import type { AdjustmentKind } from './rules/adjustment.js';
import type { AdjustmentRecord } from './stores/adjustment.js';

/** The keys of an entry's transactions in the ledger. */
const keysOf = (adjustmentId: number): readonly [amount: string, fee: string] => [
  `adjustment:${adjustmentId}`,
  `adjustment:${adjustmentId}:fee`,
];

const RULES: Readonly<Record<Exclude<AdjustmentKind, 'REVERSAL'>, readonly [amount: RuleName, fee?: RuleName]>> = {
  TO_SELLER: ['ADJUSTMENT_TO_SELLER'],
  FROM_SELLER: ['ADJUSTMENT_FROM_SELLER'],
  CHARGEBACK: ['CHARGEBACK', 'CHARGEBACK_FEE'],
  CHARGEBACK_WON: ['CHARGEBACK_REVERSED', 'CHARGEBACK_FEE_REVERSED'],
  WRITE_OFF: ['WRITE_OFF'],
};

/** Posts it. Throws the codes of the ledger. */
export async function postEntry(
  tx: Tx,
  entry: AdjustmentRecord,
  effectiveOn: string,
  requestedBy: string,
): Promise<void> {
  const { adjustmentId, kind, sellerId, currency, provider, undoesId } = entry;
  const reason = `${entry.reasonCode}: ${entry.reason}`;
  if (kind === 'REVERSAL') return reverseEntry(tx, undoesId, { effectiveOn, requestedBy, reason });
  const about = { sellerId, currency, ...(provider === null ? {} : { provider }) };
  const [amountKey, feeKey] = keysOf(adjustmentId);
  const [amountRule, feeRule] = RULES[kind];
  const common = { sellerId, effectiveOn, requestedBy, reason };
  const amount = BigInt(entry.amountMinor);
  const transactions = [
    { key: amountKey, kind: amountRule, ...common, postings: postingsOf(amountRule, about, { amount }) },
  ];
  if (feeRule !== undefined && entry.feeMinor > 0) {
    const fee = BigInt(entry.feeMinor);
    const ofSeller = entry.feeBy === 'SELLER';
    const amounts = { sellerFee: ofSeller ? fee : 0n, platformFee: ofSeller ? 0n : fee };
    transactions.push({ key: feeKey, kind: feeRule, ...common, postings: postingsOf(feeRule, about, amounts) });
  }
  await postTransactions(tx, transactions);
}

async function reverseEntry(
  tx: Tx,
  undoesId: number | null,
  reversal: Parameters<typeof reverseTransaction>[2],
): Promise<void> {
  if (undoesId === null) throw new Error('a reversal names what it reverses');
  const transactions = [...(await readByKeys(tx, keysOf(undoesId))).values()];
  for (const { transactionId } of transactions) decided(await reverseTransaction(tx, transactionId, reversal));
}

/** The transactions of an entry in the ledger. Those of a reversal take back the other entry's transactions. */
export async function transactionsOf(
  db: Db,
  { adjustmentId, kind, undoesId, status }: AdjustmentRecord,
): Promise<StoredTransaction[]> {
  if (status !== 'POSTED') return [];
  if (kind !== 'REVERSAL' || undoesId === null) return inOrder(db, adjustmentId);
  const reversed = await inOrder(db, undoesId);
  const reversals = [];
  for (const { reversedById } of reversed)
    if (reversedById !== null) reversals.push(await readTransaction(db, reversedById));
  return reversals.filter((one) => one !== undefined);
}

const inOrder = async (db: Db, adjustmentId: number): Promise<StoredTransaction[]> => {
  const byKey = await readByKeys(db, keysOf(adjustmentId));
  return keysOf(adjustmentId).flatMap((key) => byKey.get(key) ?? []);
};
