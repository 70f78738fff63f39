/** The duties of a server: deleting old rows, and checking the conditions of alarms. */
import { purgeAccountLeftovers } from '../../core/accounts/purge-accounts.js';
import { purgeKeys } from '../../infra/stores/idempotency-key.js';
import { watchAlarmsDuty } from './alarms.js';
import { type Duty, inBatches, type UpkeepContext } from './duty.js';

const EVERY_MS = 10 * 60_000;
const KEY_HOURS = 24;
/** The statements are short, so that none holds its locks for long. */
const KEYS = { rowsMax: 2_000, batchesMax: 100 };

/**
 * Duties that must not depend on a runner: they delete rows that the servers write by themselves, and check the conditions of alarms. The servers have these
 * duties, and the runners, too.
 */
export const serverDuties: readonly Duty<UpkeepContext>[] = [
  watchAlarmsDuty,
  {
    name: 'purge-idempotency-keys',
    everyMs: EVERY_MS,
    run: ({ db, signal }) => inBatches(signal, KEYS, (rowsMax) => purgeKeys(db, KEY_HOURS, rowsMax)),
  },
  {
    name: 'purge-accounts',
    everyMs: EVERY_MS,
    run: async ({ db }) => {
      const purged = Object.values(await purgeAccountLeftovers(db)) as number[];
      return purged.reduce((sum, rows) => sum + rows, 0);
    },
  },
];
