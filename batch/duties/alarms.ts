/** The duties of alarms. Servers check the conditions, too, because no runner can report that none is alive. */
import { RUNNER_ALIVE, WATCH_ALARMS } from '../../core/alarms/conditions.js';
import { deliverAlarms } from '../../core/alarms/deliver-alarms.js';
import { purgeAlarms } from '../../core/alarms/stores/alarm.js';
import { watchAlarms } from '../../core/alarms/watch-alarms.js';
import { type Duty, inBatches, type UpkeepContext } from './duty.js';

const EVERY_MS = 10_000;
const PURGE_MS = 10 * 60_000;
const ROWS = { rowsMax: 2_000, batchesMax: 100 };

export const watchAlarmsDuty: Duty<UpkeepContext> = {
  name: WATCH_ALARMS,
  everyMs: EVERY_MS,
  run: async ({ db, config, log, signal, alarmConsumers }) => {
    try {
      return await watchAlarms(db, config);
    } finally {
      await deliverAlarms({ db, log, signal }, alarmConsumers);
    }
  },
};

export const alarmDuties: readonly Duty[] = [
  // Its last success shows that a runner was alive.
  { name: RUNNER_ALIVE, everyMs: EVERY_MS, run: async () => 0 },
  {
    name: 'purge-alarms',
    everyMs: PURGE_MS,
    run: ({ db, config, signal }) => inBatches(signal, ROWS, (rowsMax) => purgeAlarms(db, config.historyDays, rowsMax)),
  },
];
