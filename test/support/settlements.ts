/** Settlements as rows, where how they came about is not the matter. */

import { columnOf, FIGURE_NAMES, type FigureName } from '../../core/settlement/rules/figures.js';
import { change, type Db } from '../../infra/database.js';

export interface MadeSettlement {
  readonly settledOn: string;
  readonly generation?: number;
  readonly sellerId: string;
  readonly currency?: string;
  readonly sales?: number;
  readonly refunds?: number;
  readonly figures: Readonly<Partial<Record<FigureName, bigint>>>;
}

/** Writes a settlement, and the certificate of its generation unless that is there. */
export async function insertSettlement(db: Db, made: MadeSettlement): Promise<void> {
  const { settledOn, generation = 1, sellerId, currency = 'KRW', sales = 1, refunds = 0, figures } = made;
  await change(
    db,
    `INSERT INTO settlement (settled_on, generation, seller_id, currency, sales, refunds, ${FIGURE_NAMES.map(columnOf).join(', ')})
     VALUES (?, ?, ?, ?, ?, ?${', ?'.repeat(FIGURE_NAMES.length)})`,
    [
      settledOn,
      generation,
      sellerId,
      currency,
      sales,
      refunds,
      ...FIGURE_NAMES.map((name) => String(figures[name] ?? 0n)),
    ],
  );
  await change(
    db,
    `INSERT INTO settlement_certificate (settled_on, generation, sequence, run_id, body, hash, certified_at)
     VALUES (?, ?, DATEDIFF(?, '2000-01-01') * 100000 + ?, DATEDIFF(?, '2000-01-01'), '{}', '', UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE generation = VALUES(generation)`,
    [settledOn, generation, settledOn, generation, settledOn],
  );
}

/** Closes every date through this one. */
export async function shutThrough(db: Db, date: string): Promise<void> {
  await change(db, 'UPDATE settlement_calendar SET shut_through = ?', [date]);
}
