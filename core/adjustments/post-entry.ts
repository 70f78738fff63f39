/** An approved entry in the ledger: one transaction for its amount and one for its fee, by keys that name the entry. */
import type { Db, Tx } from '../../infra/database.js';
import { decided } from '../../kernel/outcome.js';
import { postTransactions } from '../ledger/post-transactions.js';
import { reverseTransaction } from '../ledger/reverse-transaction.js';
import { postingsOf, type RuleName } from '../ledger/rules/posting-rules.js';
import { readByKeys, readTransaction, type StoredTransaction } from '../ledger/stores/ledger-transaction.js';
import { termsInForce } from '../terms/terms-of-seller.js';
import type { AdjustmentKind } from './rules/adjustment.js';
import type { AdjustmentRecord } from './stores/adjustment.js';

/** The keys of an entry's transactions in the ledger. */
const keysOf = (adjustmentId: number): readonly [amount: string, fee: string, owed: string] => [
  `adjustment:${adjustmentId}`,
  `adjustment:${adjustmentId}:fee`,
  `adjustment:${adjustmentId}:owed`,
];

const RULES: Readonly<Record<Exclude<AdjustmentKind, 'REVERSAL'>, readonly [amount: RuleName, fee?: RuleName]>> = {
  TO_SELLER: ['ADJUSTMENT_TO_SELLER'],
  FROM_SELLER: ['ADJUSTMENT_FROM_SELLER'],
  CHARGEBACK: ['CHARGEBACK', 'CHARGEBACK_FEE'],
  CHARGEBACK_WON: ['CHARGEBACK_REVERSED', 'CHARGEBACK_FEE_REVERSED'],
  WRITE_OFF: ['WRITE_OFF'],
};

/**
 * Posts it. Throws the codes of the ledger.
 *
 * Where the terms forbid set-off, what the entry takes from the seller becomes a receivable at once. If that waited for the close of the period, the payouts that are due until
 * then would be more than the seller is owed, and none of them would be paid.
 */
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
  const [amountKey, feeKey, owedKey] = keysOf(adjustmentId);
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
  if (isDebitOfSeller(kind) && (await termsInForce(tx, sellerId, effectiveOn))?.noSetOff === true) {
    const owed = { amount: amount + (entry.feeBy === 'SELLER' ? BigInt(entry.feeMinor) : 0n) };
    const rule = 'CLAWBACK_TO_RECEIVABLE';
    transactions.push({ key: owedKey, kind: rule, ...common, postings: postingsOf(rule, about, owed) });
  }
  await postTransactions(tx, transactions);
}

const isDebitOfSeller = (kind: AdjustmentKind): boolean => kind === 'FROM_SELLER' || kind === 'CHARGEBACK';

async function reverseEntry(
  tx: Tx,
  undoesId: number | null,
  reversal: Parameters<typeof reverseTransaction>[2],
): Promise<void> {
  if (undoesId === null) throw new Error('a reversal names what it reverses');
  // What it made a receivable stays one until the next close, which nets it: some of it may be paid or written off by now.
  const [amountKey, feeKey] = keysOf(undoesId);
  const transactions = [...(await readByKeys(tx, [amountKey, feeKey])).values()];
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
