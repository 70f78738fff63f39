/** Who leads: one row a name, with an expiry in database time. */
import { change, type Db, isDuplicateKey, type Tx } from '../database.js';

/** Takes or prolongs the lease. True: `owner` leads until it runs out. */
export async function holdLeadership(db: Db, name: string, owner: string, leaseMs: number): Promise<boolean> {
  const held = await change(
    db,
    `UPDATE leader_lease SET epoch = IF(owner = ?, epoch, epoch + 1), owner = ?, lease_until = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
     WHERE name = ? AND (owner = ? OR lease_until < UTC_TIMESTAMP(3))`,
    [owner, owner, leaseMs * 1000, name, owner],
  );
  if (held === 1) return true;
  try {
    await change(
      db,
      'INSERT INTO leader_lease (name, owner, epoch, lease_until) VALUES (?, ?, 1, UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND)',
      [name, owner, leaseMs * 1000],
    );
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/** The first statement of a leader's transaction: holds the row to the commit. False: somebody else leads now. */
export async function fenceLeadership(tx: Tx, name: string, owner: string): Promise<boolean> {
  const fenced = await change(
    tx,
    'UPDATE leader_lease SET epoch = epoch WHERE name = ? AND owner = ? AND lease_until >= UTC_TIMESTAMP(3)',
    [name, owner],
  );
  return fenced === 1;
}

/** Gives the lead up, so that another takes it at once. */
export async function resignLeadership(db: Db, name: string, owner: string): Promise<void> {
  await change(
    db,
    'UPDATE leader_lease SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE name = ? AND owner = ?',
    [name, owner],
  );
}
