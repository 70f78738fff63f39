/**
 * Pays a payout through the sandbox in a process of its own: `node payout-sender.mjs DATABASE_URL SETTINGS FAULT send|follow PAYOUT`, the settings as JSON.
 */
import { payoutSteps } from './payout-steps.mjs';

const from = (/** @type {string} */ path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
/** @type {typeof import('../../core/payouts/send-payout.js')} */
const { followTransfer, sendPayout } = await from('core/payouts/send-payout.js');
/** @type {typeof import('../../core/payouts/providers/registry.js')} */
const { payoutProviders } = await from('core/payouts/providers/registry.js');
/** @type {typeof import('../../infra/config.js')} */
const { readConfig } = await from('infra/config.js');
/** @type {typeof import('../../infra/database.js')} */
const { openDatabase } = await from('infra/database.js');
/** @type {typeof import('../../infra/faults.js')} */
const { armFaults } = await from('infra/faults.js');

const [databaseUrl = '', settings = '{}', fault = '', work = '', payout = ''] = process.argv.slice(2);
armFaults(fault);
const db = openDatabase(databaseUrl, { poolMax: 2 });
const config = readConfig(JSON.parse(settings));
const { providers, close } = payoutProviders(config);
const context = {
  ...{ providers, steps: payoutSteps, bankKeys: [config.encryptionKey] },
  ...{ steady: () => performance.now(), watchDays: 90 },
};
const payoutId = Number(payout);
const came =
  work === 'send'
    ? await sendPayout(db, context, { payoutId, provider: 'TOSS_PAYOUT', requestedBy: 'test' })
    : await followTransfer(db, context, { payoutId, attempt: 1 });
process.stdout.write(JSON.stringify(came, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
await close();
await db.destroy();
