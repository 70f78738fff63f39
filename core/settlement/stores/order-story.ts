/** The lines of one order in the feed, with their refunds, and the result of each. */
import { type Db, select } from '../../../infra/database.js';
import { LEGS, type Leg, legName, REFUND } from '../../feed/rules/leg.js';
import { tableOf } from './leg-tables.js';

export interface OrderLine {
  readonly lineId: string;
  readonly leg: 'sale' | 'refund';
  /** Null for a sale. */
  readonly refundId: string | null;
  readonly sellerId: string;
  readonly currency: string;
  readonly quantity: number;
  /** The settlement date. */
  readonly settledOn: string;
  readonly state: 'SETTLED' | 'PARKED' | 'NOT_SETTLED';
  /** Minor units; null while it is not settled. */
  readonly net: number | null;
  /** Why it is parked, if it is. */
  readonly exception: string | null;
}

interface OrderRow extends Omit<OrderLine, 'refundId' | 'state' | 'net'> {
  readonly refundId: string;
  readonly net: string | number | null;
}

/** The sales of an order by line id, byte by byte, each followed by its refunds in the order in which they were accepted. */
export async function readOrderStory(db: Db, orderId: string): Promise<OrderLine[]> {
  const linesOf = (leg: Leg): string => {
    const { alias: e, refundId } = tableOf(leg);
    const refunds =
      leg === REFUND ? 'JOIN refund_entry r ON r.original_id = s.entry_id AND r.original_on = s.settled_on' : '';
    const prior = leg === REFUND ? 'r.prior_quantity' : '-1';
    return `SELECT s.line_id AS lineId, '${legName(leg)}' AS leg, ${refundId} AS refundId, s.seller_id AS sellerId, ${e}.currency, ${e}.quantity,
       ${e}.settled_on AS settledOn, l.net, x.code AS exception, ${prior} AS prior
     FROM sale_entry s ${refunds}
     LEFT JOIN settlement_line l ON l.settled_on = ${e}.settled_on AND l.leg = ${leg} AND l.entry_id = ${e}.entry_id
     LEFT JOIN settlement_exception x ON x.settled_on = ${e}.settled_on AND x.leg = ${leg} AND x.entry_id = ${e}.entry_id
       AND x.settled_generation IS NULL
     WHERE s.order_id = ?`;
  };
  const rows = await select<OrderRow & { readonly prior?: number }>(
    db,
    `${LEGS.map(linesOf).join(' UNION ALL ')} ORDER BY lineId, prior`,
    [orderId, orderId],
  );
  return rows.map(({ prior: _prior, net, refundId, ...row }) => ({
    ...row,
    refundId: refundId === '' ? null : refundId,
    state: net !== null ? 'SETTLED' : row.exception !== null ? 'PARKED' : 'NOT_SETTLED',
    net: net === null ? null : Number(net),
  }));
}
