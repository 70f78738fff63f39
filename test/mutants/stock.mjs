/** Who gets the last unit, and how holds end. */
const rules = { file: 'core/stock/rules/stock.ts', tests: 'test/core/stock/rules/stock.test.ts', quick: true };
const stock = { file: 'core/stock/stores/stock.ts', tests: 'test/core/stock/stock.test.ts' };
const reserve = { file: 'core/stock/reserve.ts', tests: 'test/core/stock/stock.test.ts' };
const end = { file: 'core/stock/end-reservation.ts', tests: 'test/core/stock/stock.test.ts' };
const reservation = { file: 'core/stock/stores/reservation.ts', tests: 'test/core/stock/stock.test.ts' };
const gate = { file: 'core/stock/gate.ts', tests: 'test/core/stock/gate.test.ts' };
const locks = { file: 'core/stock/redlock.ts', tests: 'test/core/stock/redlock.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...rules,
    name: 'units are locked in the order in which they were named',
    from: 'units.toSorted((a, b) => a.unitId - b.unitId)',
    to: 'units',
  },
  {
    ...rules,
    name: 'one more is shared out than there is',
    from: 'if (there !== undefined && there < asked)',
    to: 'if (there !== undefined && there + 1 < asked)',
  },
  {
    ...rules,
    name: 'the last one is shared out to nobody',
    from: 'if (there !== undefined && there < asked)',
    to: 'if (there !== undefined && there <= asked)',
  },
  {
    ...rules,
    name: 'what is returned is not available again',
    from: 'return { available: quantity, held: 0, sold: -quantity };',
    to: 'return { available: 0, held: 0, sold: -quantity };',
  },
  {
    file: 'core/stock/rules/stock-difference.ts',
    tests: 'test/core/stock/rules/stock.test.ts',
    quick: true,
    name: 'a verification does not add up the parts of stock',
    from: "part !== 'received' || stock.received === stock.available + stock.held + stock.sold",
    to: 'true',
  },
  {
    ...stock,
    name: 'stock is held whether there is any or not',
    from: "WHERE unit_id = ? AND available >= ?',\n    [quantity, quantity, unitId, quantity],",
    to: "WHERE unit_id = ?',\n    [quantity, quantity, unitId],",
    only: 'takes all units of a basket or none',
  },
  {
    ...stock,
    name: 'more is taken away by a count than is available',
    from: 'WHERE unit_id = ? AND available + ? >= 0',
    to: 'WHERE unit_id = ? AND received + ? >= 0',
    only: 'are not taken away beyond what is available',
  },
  {
    ...reserve,
    name: 'a refused member of a group gets its units all the same',
    from: 'const granted = requests.filter((_, at) => outcomes[at] === undefined);',
    to: 'const granted = requests;',
    only: 'serves in the order of arrival',
  },
  {
    ...reserve,
    name: 'what was held for all is not corrected by what was refused',
    from: '- (enough.includes(unitId) ? total : 0)',
    to: '- (enough.includes(unitId) ? (grantedTotals.get(unitId) ?? 0) : 0)',
    tests: 'test/core/orders/placing.test.ts',
    only: 'of which one seller is short undoes all',
  },
  {
    ...reserve,
    name: 'a buyer does not take back what has expired',
    from: 'if (missing > 0)',
    to: 'if (missing > 0 && totals.size === 0)',
    only: 'is taken back by a buyer who needs the units',
  },
  {
    ...reservation,
    name: 'what is held in time is taken back as well',
    from: "AND status = 'HELD' AND expires_at <= UTC_TIMESTAMP(3) ORDER BY expires_at, holder_id LIMIT ?",
    to: "AND status = 'HELD' ORDER BY expires_at, holder_id LIMIT ?",
    only: 'is taken back by a buyer who needs the units',
  },
  {
    ...reservation,
    name: 'more is given back than is held',
    from: 'WHERE holder_id = ? AND unit_id = ? AND status = ? AND quantity >= ?`,\n    [quantity, quantity, holderId, unitId, status, quantity],',
    to: 'WHERE holder_id = ? AND unit_id = ? AND status = ?`,\n    [quantity, quantity, holderId, unitId, status],',
    only: 'is given back in parts, and what is left is sold',
  },
  {
    ...end,
    name: 'a hold whose time has passed is sold',
    from: ' || held.some(({ expired }) => expired)',
    to: '',
    only: 'is not sold, whichever comes first',
  },
  {
    ...end,
    name: 'what is left of a hold of which a part was taken back is sold',
    from: "reservations.some(({ status }) => status === 'EXPIRED') || ",
    to: '',
    only: 'of which a part was taken back is never paid',
  },
  {
    ...end,
    name: 'what expired is given back twice',
    from: "kind === 'RELEASE' && isExpired(reservations, unitId) ? [] : ",
    to: '',
    only: 'of which a part was taken back is never paid',
  },
  {
    ...end,
    name: 'reservations are read before their stock is locked, and not after',
    from: '  );\n  return readReservations(tx, holderId);',
    to: '  );\n  return reservations;',
    tests: 'test/core/stock/races.test.ts',
    only: 'that waits for the one who takes it back',
  },
  {
    ...gate,
    name: 'the gate gets nothing back from an order that did not reserve',
    from: 'if (!reserved && admission !== undefined)',
    to: 'if (reserved && admission !== undefined)',
    only: 'a wrong count',
  },
  {
    ...gate,
    name: 'a count gets back units that were taken from the previous one',
    from: "if redis.call('HGET', key, 'word') == ARGV[i * 2] then",
    to: "if redis.call('HGET', key, 'word') then",
    only: 'a wrong count',
  },
  {
    ...gate,
    name: 'the gate takes what there is of a basket of which it lacks a part',
    from: "return {'short', i, count[1]}",
    to: "for j = 1, i - 1 do redis.call('HINCRBY', KEYS[j], 'left', -ARGV[j + 1]) end return {'short', i, count[1]}",
    only: 'takes from all units of a basket or from none',
  },
  {
    ...locks,
    name: 'a lock is not given back',
    from: 'await this.release(ask, lock);',
    to: '',
    only: 'a lock is given back after success',
  },
  {
    ...locks,
    name: 'a lock is used that is over',
    from: 'if (lock.expiration > Date.now()) return lock;',
    to: 'if (lock.expiration > 0) return lock;',
    only: 'a lock that is over when it comes',
  },
  {
    ...locks,
    name: 'an order fails when Redis goes while its locks are taken',
    from: 'this.restUntil = Date.now() + REST_MS;\n          return undefined;',
    to: 'throw error;',
    tests: 'test/api/orders/outages.long.test.ts',
    only: 'redlock.*Redis goes, comes back empty',
  },
  {
    file: 'core/stock/availability.ts',
    tests: 'test/api/stock/ask-stock.test.ts',
    name: 'an answer about stock is a minute old',
    from: 'const LIFE_MS = 1_000;',
    to: 'const LIFE_MS = 60_000;',
    only: 'is answered from Redis for at most a second',
  },
];
