/** Leader leases: one row for each name, with an expiry in database time, and an epoch that counts the changes of the leader. */
import { change, changeTelling, type Db, type Tx } from '../database.js';
import { isDuplicateKey } from '../database-errors.js';

/** Takes or prolongs the lease. Returns the epoch in which `owner` leads until the lease ends; undefined: somebody else leads. */
export async function holdLeadership(
  db: Db,
  name: string,
  owner: string,
  leaseMs: number,
): Promise<number | undefined> {
  const { rows, told } = await changeTelling(
    db,
    `UPDATE leader_lease SET epoch = LAST_INSERT_ID(IF(owner = ?, epoch, epoch + 1)), owner = ?, lease_until = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND
     WHERE name = ? AND (owner = ? OR lease_until < UTC_TIMESTAMP(3))`,
    [owner, owner, leaseMs * 1000, name, owner],
  );
  if (rows === 1) return told;
  try {
    await change(
      db,
      'INSERT INTO leader_lease (name, owner, epoch, lease_until) VALUES (?, ?, 1, UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND)',
      [name, owner, leaseMs * 1000],
    );
    return 1;
  } catch (error) {
    if (isDuplicateKey(error)) return undefined;
    throw error;
  }
}

/** The first statement of a leader's transaction: holds the row to the commit. False: somebody else leads now, or has led since. */
export async function fenceLeadership(tx: Tx, name: string, owner: string, epoch: number): Promise<boolean> {
  const fenced = await change(
    tx,
    'UPDATE leader_lease SET epoch = epoch WHERE name = ? AND owner = ? AND epoch = ? AND lease_until >= UTC_TIMESTAMP(3)',
    [name, owner, epoch],
  );
  return fenced === 1;
}

/** Gives up the lease, so that another process takes it at once. */
export async function resignLeadership(db: Db, name: string, owner: string): Promise<void> {
  await change(
    db,
    'UPDATE leader_lease SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE name = ? AND owner = ?',
    [name, owner],
  );
}
