/** Settlements and settled lines as rows, without a run, where how they came about is not the matter: what ledger, statements and invoices are made of. */
import { postGeneration } from '../../core/postings/post-generation.js';
import { columnOf, FIGURE_NAMES, type FigureName } from '../../core/settlement/rules/figures.js';
import { change, type Db, inTransaction, select } from '../../infra/database.js';

/** A line of a seller that was settled (minor units). A refund has a negative item amount. */
export interface SettledLine {
  readonly sellerId: string;
  readonly currency?: string;
  readonly itemAmount: number;
  readonly fee?: number;
}

export interface MadeSettlement {
  readonly settledOn: string;
  readonly generation?: number;
  readonly sellerId: string;
  readonly currency?: string;
  readonly sales?: number;
  readonly refunds?: number;
  /** Minor units; what is left out is 0. */
  readonly figures: Readonly<Partial<Record<FigureName, bigint>>>;
}

let entries = 0;

const figuresOf = ({ itemAmount, fee = 0 }: SettledLine): Partial<Record<FigureName, bigint>> => ({
  itemAmount: BigInt(itemAmount),
  buyerPaid: BigInt(itemAmount),
  feeBase: BigInt(itemAmount),
  fee: BigInt(fee),
  net: BigInt(itemAmount - fee),
});

/** Writes a settlement, and the certificate of its generation unless that is there. */
export async function insertSettlement(db: Db, made: MadeSettlement): Promise<void> {
  const { settledOn, generation = 1, sellerId, currency = 'KRW', sales = 1, refunds = 0, figures } = made;
  await change(
    db,
    `INSERT INTO settlement (settled_on, generation, seller_id, currency, sales, refunds, ${FIGURE_NAMES.map(columnOf).join(', ')}) VALUES ?`,
    [
      [
        [
          ...[settledOn, generation, sellerId, currency, sales, refunds],
          ...FIGURE_NAMES.map((name) => String(figures[name] ?? 0n)),
        ],
      ],
    ],
  );
  const known = await select(db, 'SELECT 1 FROM settlement_certificate WHERE settled_on = ? AND generation = ?', [
    settledOn,
    generation,
  ]);
  if (known.length > 0) return;
  const [last] = await select<{ sequence: number }>(
    db,
    'SELECT COALESCE(MAX(sequence), 0) AS sequence FROM settlement_certificate',
  );
  const sequence = Number(last?.sequence ?? 0) + 1;
  await change(
    db,
    `INSERT INTO settlement_certificate (settled_on, generation, run_id, sequence, body, hash, certified_at) VALUES (?, ?, ?, ?, '{}', ?, UTC_TIMESTAMP(3))`,
    [settledOn, generation, sequence, sequence, String(sequence).padStart(64, '0')],
  );
}

/** Closes every date through this one. */
export async function shutThrough(db: Db, date: string): Promise<void> {
  await change(db, 'UPDATE settlement_calendar SET shut_through = ?', [date]);
}

/** Settles a generation of a date: its lines, their settlements, a certificate. */
export async function settleRows(
  db: Db,
  date: string,
  generation: number,
  lines: readonly SettledLine[],
): Promise<void> {
  await inTransaction(db, async (tx) => {
    const sums = new Map<string, Required<MadeSettlement>>();
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
        [
          ...[date, leg, entryId, generation, sellerId],
          ...(['buyerPaid', 'feeBase', 'fee', 'net'] as const).map((name) => String(figures[name])),
        ],
      );
      if (leg === 1)
        await change(
          tx,
          `INSERT INTO refund_entry (settled_on, entry_id, refund_id, original_on, original_id, quantity, prior_quantity, item_amount, seller_discount,
             platform_discount, shipping_fee, currency, occurred_on, reason) VALUES (?, ?, ?, ?, ?, 1, 0, ?, 0, 0, 0, ?, ?, '')`,
          [date, entryId, `R${entryId}`, date, entryId, line.itemAmount, currency, date],
        );
      const before = sums.get(`${sellerId} ${currency}`);
      sums.set(`${sellerId} ${currency}`, {
        ...{ settledOn: date, generation, sellerId, currency },
        sales: (before?.sales ?? 0) + (leg === 0 ? 1 : 0),
        refunds: (before?.refunds ?? 0) + leg,
        figures: Object.fromEntries(
          FIGURE_NAMES.map((name) => [name, (before?.figures[name] ?? 0n) + (figures[name] ?? 0n)]),
        ),
      });
    }
    for (const sum of sums.values()) await insertSettlement(tx, sum);
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
