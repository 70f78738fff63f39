/** The duties of a runner, which include those of a server. */
import { addUpSales } from '../../core/catalogue/add-up-sales.js';
import { purgeFeedEvents } from '../../core/event-feed/number-events.js';
import { purgeHistory } from '../../core/jobs/purge-history.js';
import { purgeEvents } from '../../core/outbox/purge-events.js';
import { purgePolicyChecks } from '../../core/settlement/purge-policy-checks.js';
import { purgeWhatIfs } from '../../core/settlement/purge-what-ifs.js';
import { purgeFiles } from '../../core/tasks/purge-files.js';
import { purgeAttempts } from '../../core/webhooks/purge-attempts.js';
import { taskKinds } from '../tasks/registry.js';
import { alarmDuties } from './alarms.js';
import type { Duty } from './duty.js';
import { orderDuties } from './orders.js';
import { paymentDuties } from './payments.js';
import { payoutDuties } from './payouts.js';
import { serverDuties } from './upkeep.js';

const EVERY_MS = 10 * 60_000;

export const runnerDuties: readonly Duty[] = [
  ...serverDuties,
  ...alarmDuties,
  ...orderDuties,
  {
    name: 'add-up-sales',
    everyMs: 30_000,
    run: ({ db, catalogue, signal }) => addUpSales(db, catalogue, signal),
  },
  {
    name: 'purge-events',
    everyMs: EVERY_MS,
    run: ({ db, config, signal }) => purgeEvents(db, config.outboxDays, signal),
  },
  ...paymentDuties,
  ...payoutDuties,
  {
    name: 'purge-feed-events',
    everyMs: EVERY_MS,
    run: async ({ db, config: { integrations }, signal }) =>
      (await purgeFeedEvents(db, integrations.eventDays, signal)) +
      (await purgeAttempts(db, integrations.eventDays, signal)),
  },
  { name: 'purge-files', everyMs: EVERY_MS, run: ({ db }) => purgeFiles(db, taskKinds) },
  { name: 'purge-policy-checks', everyMs: EVERY_MS, run: ({ db }) => purgePolicyChecks(db) },
  { name: 'purge-what-ifs', everyMs: EVERY_MS, run: ({ db }) => purgeWhatIfs(db) },
  {
    name: 'purge-history',
    everyMs: EVERY_MS,
    run: ({ db, config, signal }) => purgeHistory(db, config.historyDays, signal),
  },
];
