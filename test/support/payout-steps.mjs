/** The steps of a payout in tests of its transfer: they change its status and nothing else. */

/** @param {import('knex').Knex.Transaction} tx @param {number} payoutId @param {string} before @param {string} after */
const move = async (tx, payoutId, before, after) => {
  const [{ affectedRows }] = await tx.raw('UPDATE payout SET status = ? WHERE payout_id = ? AND status = ?', [
    ...[after, payoutId, before],
  ]);
  return affectedRows === 1;
};
/** @param {import('knex').Knex.Transaction} tx @param {number} payoutId @param {string} before @param {string} after */
const step = async (tx, payoutId, before, after) => {
  if (!(await move(tx, payoutId, before, after))) throw new Error(`payout ${payoutId} is not ${before}`);
};

/** @type {import('../../core/payouts/send-payout.js').PayoutSteps} */
export const payoutSteps = {
  lock: async (tx, payoutId) => void (await tx.raw('SELECT 1 FROM payout WHERE payout_id = ? FOR UPDATE', [payoutId])),
  send: async (tx, payoutId) =>
    (await move(tx, payoutId, 'APPROVED', 'SENT')) ? undefined : { refused: 'ORDER_STATE_CONFLICT', details: {} },
  pay: (tx, { payoutId }) => step(tx, payoutId, 'SENT', 'PAID'),
  fail: (tx, { payoutId }) => step(tx, payoutId, 'SENT', 'FAILED'),
  find: (tx, { payoutId }) => move(tx, payoutId, 'FAILED', 'SENT'),
  takeBack: (tx, { payoutId }) => step(tx, payoutId, 'PAID', 'RETURNED'),
};
