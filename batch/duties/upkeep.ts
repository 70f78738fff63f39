/** The duties of a server: throwing away what has had its day, and looking for alarms. */
import { purgeAccountLeftovers } from '../../core/accounts/purge-accounts.js';
import { purgeKeys } from '../../infra/stores/idempotency-key.js';
import { watchAlarmsDuty } from './alarms.js';
import { type Duty, inBatches, type UpkeepContext } from './duty.js';

const EVERY_MS = 10 * 60_000;
const KEY_HOURS = 24;
/** Short statements: none holds its locks for long. */
const KEYS = { rowsMax: 2_000, batchesMax: 100 };

/**
 * What must not depend on a runner: what the servers fill by themselves is thrown away, and alarms are looked for. The servers have these duties, and the
 * runners, too.
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
