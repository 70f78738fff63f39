/** `magam payouts send`: payouts through a provider. */
import type { Command } from 'commander';
import { followTransfers } from '../core/payouts/follow-transfers.js';
import { providerSteps } from '../core/payouts/provider-steps.js';
import { payoutProviders } from '../core/payouts/providers/registry.js';
import { sendPayout, type TransferContext } from '../core/payouts/send-payout.js';
import { readApprovedIds } from '../core/payouts/stores/payout.js';
import { inTransaction } from '../infra/database.js';
import { isRefusal, MagamError } from '../kernel/errors.js';
import { auditIn } from './audit.js';
import { type CommandContext, withDatabase } from './context.js';
import { counted, note, print, printJson } from './output.js';

const PAYOUTS = 10_000;

export const send = (
  payoutId: number | undefined,
  { provider }: { provider: string },
  command: Command,
): Promise<void> =>
  withDatabase(command, async (context) => {
    const { config } = context;
    const { providers, close } = payoutProviders(config);
    const transfers: TransferContext = {
      ...{ providers, bankKeys: config.encryptionKeys, steady: () => performance.now() },
      watchDays: config.payoutProviders.watchDays,
      steps: providerSteps(config.timeZone),
    };
    try {
      await sendAll(context, transfers, payoutId, provider);
    } finally {
      await close();
    }
  });

async function sendAll(
  context: CommandContext,
  transfers: TransferContext,
  payoutId: number | undefined,
  name: string,
): Promise<void> {
  const { db, config, json, signal, today } = context;
  const provider = transfers.providers.get(name);
  if (provider === undefined)
    throw new MagamError('PAYOUT_PROVIDER_MISSING', undefined, {
      provider: name,
      providers: [...transfers.providers.keys()],
    });
  const ids = payoutId === undefined ? [] : [payoutId];
  if (payoutId === undefined)
    for (const currency of provider.currencies) ids.push(...(await readApprovedIds(db, currency, today, PAYOUTS)));
  const sent: { payoutId: number; status: string }[] = [];
  const refused: { payoutId: number; code: string; details: object }[] = [];
  for (const id of ids) {
    if (signal.aborted) break;
    const outcome = await sendPayout(db, transfers, { payoutId: id, provider: name, requestedBy: config.userName });
    if (isRefusal(outcome)) refused.push({ payoutId: id, code: outcome.refused, details: outcome.details });
    else sent.push({ payoutId: id, status: outcome.status });
    const after = isRefusal(outcome) ? { refused: outcome.refused } : { provider: name, status: outcome.status };
    await inTransaction(db, (tx) =>
      auditIn(tx, config, { action: 'payout.send', subject: ['payout', String(id)], after }),
    );
  }
  const followed = signal.aborted ? 0 : await followTransfers(db, transfers, signal);
  const [first] = refused;
  if (payoutId !== undefined && first !== undefined)
    throw new MagamError(first.code as never, undefined, first.details as Record<string, unknown>);
  if (refused.length > 0) process.exitCode = 3;
  if (json) return printJson({ sent, refused, followed });
  print(`Sent ${counted(sent.length, 'payout')}, looked after ${counted(followed, 'transfer')}.`);
  for (const one of refused) note(`Payout ${one.payoutId} was not sent: ${one.code}`);
}
