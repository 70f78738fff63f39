/** The duty of payouts: it looks up transfers at a provider whose outcome is unknown, and sends those that certainly never left. */
import { followTransfers } from '../../core/payouts/follow-transfers.js';
import { providerSteps } from '../../core/payouts/provider-steps.js';
import type { Duty } from './duty.js';

export const payoutDuties: readonly Duty[] = [
  {
    name: 'follow-transfers',
    everyMs: 5_000,
    run: ({ db, config, payoutProviders, signal }) =>
      followTransfers(
        db,
        {
          ...{ providers: payoutProviders, steps: providerSteps(config.timeZone) },
          ...{ bankKeys: config.encryptionKeys, steady: () => performance.now() },
          watchDays: config.payoutProviders.watchDays,
        },
        signal,
      ),
  },
];
