/** Settled and posted generations as rows, without a run: what statements are made of. */
import { postGeneration } from '../../core/postings/post-generation.js';
import { FIGURES } from '../../core/settlement/rules/figures.js';
import { change, type Db, inTransaction, select } from '../../infra/database.js';

/** A line of a seller that was settled (minor units). A refund has a negative item amount. */
export interface SettledLine {
  readonly sellerId: string;
  readonly currency?: string;
  readonly itemAmount: number;
  readonly fee?: number;
}

let entries = 0;

const figuresOf = ({ itemAmount, fee = 0 }: SettledLine): Record<string, number> => ({
  item_amount: itemAmount,
  buyer_paid: itemAmount,
  fee_base: itemAmount,
  fee,
  net: itemAmount - fee,
});

/** Settles a generation of a date: its lines, their settlements, a certificate. */
export async function settleRows(
  db: Db,
  date: string,
  generation: number,
  lines: readonly SettledLine[],
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const sums = new Map<string, { key: string[]; counts: [number, number]; figures: Record<string, number> }>();
    for (const line of lines) {
      const { sellerId, currency = 'KRW' } = line;
      const leg = line.itemAmount < 0 ? 1 : 0;
      const figures = figuresOf(line);
      entries += 1;
      const entryId = entries;
      await change(
        tx,
        `INSERT INTO settlement_line (settled_on, leg, entry_id, generation, seller_id, policy_id, buyer_paid, fee_base, fee, fee_vat, pg_fee, pg_fee_vat, net)
         VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, 0, 0, 0, ?)`,
        [date, leg, entryId, generation, sellerId, figures.buyer_paid, figures.fee_base, figures.fee, figures.net],
      );
      if (leg === 1)
        await change(
          tx,
          `INSERT INTO refund_entry (settled_on, entry_id, refund_id, original_on, original_id, quantity, prior_quantity, item_amount, seller_discount,
             platform_discount, shipping_fee, currency, occurred_on, reason) VALUES (?, ?, ?, ?, ?, 1, 0, ?, 0, 0, 0, ?, ?, '')`,
          [date, entryId, `R${entryId}`, date, entryId, line.itemAmount, currency, date],
        );
      const sum = sums.get(`${sellerId} ${currency}`) ?? { key: [sellerId, currency], counts: [0, 0], figures: {} };
      sum.counts[leg] += 1;
      for (const [column, value] of Object.entries(figures)) sum.figures[column] = (sum.figures[column] ?? 0) + value;
      sums.set(`${sellerId} ${currency}`, sum);
    }
    const columns = FIGURES.map(({ column }) => column);
    for (const { key, counts, figures } of sums.values())
      await change(
        tx,
        `INSERT INTO settlement (settled_on, generation, seller_id, currency, sales, refunds, ${columns.join(', ')}) VALUES ?`,
        [[[date, generation, ...key, ...counts, ...columns.map((column) => figures[column] ?? 0)]]],
      );
    const [last] = await select<{ sequence: number }>(
      tx,
      'SELECT COALESCE(MAX(sequence), 0) AS sequence FROM settlement_certificate',
    );
    const sequence = Number(last?.sequence ?? 0) + 1;
    await change(
      tx,
      `INSERT INTO settlement_certificate (settled_on, generation, run_id, sequence, body, hash, certified_at) VALUES (?, ?, ?, ?, '{}', ?, UTC_TIMESTAMP(3))`,
      [date, generation, sequence, sequence, String(sequence).padStart(64, '0')],
    );
  });
}

/** The same, posted to the ledger. */
export async function settleAndPost(
  db: Db,
  date: string,
  generation: number,
  lines: readonly SettledLine[],
): Promise<void> {
  await settleRows(db, date, generation, lines);
  await inTransaction(db, (tx) => postGeneration(tx, { date, generation }));
}
