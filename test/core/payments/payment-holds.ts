/** Until when a checkout and what it holds last. */
import { type Db, select } from '../../../infra/database.js';

export const readHolds = (db: Db, checkoutId: number): Promise<unknown[]> =>
  select(
    db,
    `SELECT c.expires_at AS checkoutEnds, TIMESTAMPDIFF(SECOND, c.expires_at, r.expires_at) AS holdLonger, r.status FROM checkout c JOIN stock_reservation r ON r.holder_id = c.checkout_id
     WHERE c.checkout_id = ? ORDER BY r.unit_id`,
    [checkoutId],
  );
