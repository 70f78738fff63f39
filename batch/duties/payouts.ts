/** The duty of payouts: transfers at a provider of which the end is not known are looked up, and what certainly never left is sent. */
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
