/** Approved payouts that are due are left to a provider, as many as there are, in one transaction that asks nobody outside. */
import type { Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { isRefusal, type Refusal } from '../../kernel/errors.js';
import { makeSteps, sortOut, type VoidPayout } from './payout-step.js';
import { postPayouts } from './post-payouts.js';
import { type AskContext, providerOf, unsupportedCurrency } from './send-payout.js';
import { lockPayouts, type Payout, readApprovedIds } from './stores/payout.js';
import { insertTransfers } from './stores/provider-transfer.js';

/** Payouts of one request at most; the next one takes the rest. */
export const TRANSFERS_MAX = 500;

export interface RequestedTransfers {
  /** Now SENT; their transfers are due, and were certainly not sent yet. */
  readonly sent: readonly Payout[];
  /** Left out: their approvals are void now. */
  readonly changed: readonly VoidPayout[];
}

export interface AskedTransfers {
  /** The name of the provider. */
  readonly provider: string;
  readonly currency: string;
  /** Today's business date: payouts of later dates are left out. */
  readonly sentOn: string;
}

/** @returns PAYOUT_PROVIDER_MISSING, PAYOUT_CURRENCY_UNSUPPORTED: then nothing is sent */
export async function requestTransfers(
  tx: Tx,
  by: string,
  { providers }: Pick<AskContext, 'providers'>,
  { provider: name, currency, sentOn }: AskedTransfers,
): Promise<RequestedTransfers | Refusal> {
  const provider = providerOf(providers, name);
  if (isRefusal(provider)) return provider;
  const unsupported = unsupportedCurrency(provider, currency);
  if (unsupported !== undefined) return unsupported;
  const ids = await readApprovedIds(tx, currency, sentOn, TRANSFERS_MAX);
  const locked = (await lockPayouts(tx, ids)).filter(({ status }) => status === 'APPROVED');
  const { unchanged, changed } = await sortOut(tx, by, locked);
  await postPayouts(tx, by, 'PAYOUT_SENT', unchanged, () => sentOn);
  await makeSteps(tx, by, unchanged, 'send', () => ({ sentOn, through: 'provider' }));
  await insertTransfers(tx, unchanged, name, null);
  await faultPoint('payout.transfers-requested');
  return { sent: unchanged, changed };
}
