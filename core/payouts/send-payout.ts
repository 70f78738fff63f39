/**
 * Pays a payout through a provider: it is marked and committed, sent outside any transaction, and the outcome is recorded. However often this is begun, and
 * wherever a process dies, at most one request leaves for each attempt; an unknown outcome is looked up.
 */
import { randomUUID } from 'node:crypto';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { errorText } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { openBankAccount } from '../accounts/bank-account.js';
import { readBankAccount } from '../accounts/stores/seller-bank-account.js';
import {
  type InquiryOutcome,
  type PayoutProvider,
  payeeReference,
  type SendOutcome,
  type TransferOrder,
} from './providers/provider.js';
import type { ProviderMessage, TransferFailure } from './rules/transfer-failure.js';
import { transferReference } from './rules/transfer-reference.js';
import { judgeTransfer, type TransferStatus, type TransferStep } from './rules/transfer-state.js';
import {
  type Asking,
  changeTransfer,
  insertTransfers,
  type ProviderTransfer,
  readAttempt,
  readTransfer,
  type TransferId,
  takeTransfer,
} from './stores/provider-transfer.js';

/** The steps by which a transfer moves its payout. Each works in the caller's transaction, and throws where the payout cannot take the step. */
export interface PayoutSteps {
  /** Locks the payout and what its steps change, so that nobody else takes one meanwhile. */
  readonly lock: (tx: Tx, payoutId: number) => Promise<void>;
  /** Locks an approved payout, checks that its approval still holds, and takes it to SENT. A refusal leaves it as it is, or withdraws the approval. */
  readonly send: (tx: Tx, payoutId: number, requestedBy: string) => Promise<Refusal | undefined>;
  readonly pay: (tx: Tx, transfer: TransferId, paidOn: string) => Promise<void>;
  readonly fail: (tx: Tx, transfer: TransferId, reason: TransferFailure, said: ProviderMessage | null) => Promise<void>;
  /**
   * A transfer that was taken for lost is at the provider: the payout is SENT again. @returns false: it has continued meanwhile; it is held back if that is
   * possible
   */
  readonly find: (tx: Tx, transfer: TransferId) => Promise<boolean>;
  readonly takeBack: (
    tx: Tx,
    transfer: TransferId,
    reason: TransferFailure,
    said: ProviderMessage | null,
  ) => Promise<void>;
}

export interface TransferContext {
  readonly providers: ReadonlyMap<string, PayoutProvider>;
  readonly steps: PayoutSteps;
  /** The keys of bank accounts: today's and former ones. */
  readonly bankKeys: readonly Buffer[];
  /** A clock that only goes forward (ms). */
  readonly steady: () => number;
  /** A transfer that was paid, or was taken for lost, is looked up again for this long (days). */
  readonly watchDays: number;
}

/** What an approved payout is marked with; nobody is asked. */
export interface AskContext {
  readonly providers: ReadonlyMap<string, Pick<PayoutProvider, 'currencies'>>;
  readonly steps: Pick<PayoutSteps, 'lock' | 'send'>;
}

export interface SendAsk {
  readonly payoutId: number;
  readonly provider: string;
  /** `account 7`, or the name of a duty. */
  readonly requestedBy: string;
}

/**
 * For this long the process that asks a provider has the attempt for itself (ms): two look-ups of the seller and the transfer, each with its queue and answer,
 * fit in it.
 */
const ASKING_MS = 300_000;

/** A process that has marked an attempt and then slept for longer does not send it any more (ms): others may have looked it up by now. */
const SEND_WITHIN_MS = 60_000;

/**
 * Sends an approved payout. @returns what is known of the attempt then; or PAYOUT_PROVIDER_MISSING, PAYOUT_CURRENCY_UNSUPPORTED and what the steps of
 * the payout refuse with; then nothing was sent
 */
export async function sendPayout(db: Db, context: TransferContext, ask: SendAsk): Promise<ProviderTransfer | Refusal> {
  const asker = randomUUID();
  const markedAt = context.steady();
  const marked = await inTransaction(db, (tx) => mark(tx, context, ask, { asker, ms: ASKING_MS }));
  if (isRefusal(marked)) return marked;
  return sendMarked(db, context, marked, { asker, markedAt });
}

/** Handles an attempt that is due: sends it where it certainly never left, and looks it up otherwise. @returns whether it was due */
export async function followTransfer(db: Db, context: TransferContext, id: TransferId): Promise<boolean> {
  const asker = randomUUID();
  const markedAt = context.steady();
  const taken = await inTransaction(db, async (tx) => {
    await context.steps.lock(tx, id.payoutId);
    const before = await readTransfer(tx, id);
    return before !== undefined && (await takeTransfer(tx, id, asker, ASKING_MS)) ? before : undefined;
  });
  if (taken === undefined) return false;
  if (!taken.asked) await sendMarked(db, context, taken, { asker, markedAt });
  else await record(db, context, taken, asker, await lookUp(context, taken));
  return true;
}

/**
 * Takes an approved payout to SENT and leaves its transfer to whoever follows transfers. Nothing has left yet: the transfer is due at once.
 * @returns the attempt; or what `sendPayout` refuses with
 */
export const requestTransfer = (tx: Tx, context: AskContext, ask: SendAsk): Promise<ProviderTransfer | Refusal> =>
  mark(tx, context, ask, null);

/** @returns the provider of this name, or PAYOUT_PROVIDER_MISSING */
export const providerOf = <T>(providers: ReadonlyMap<string, T>, name: string): T | Refusal =>
  providers.get(name) ?? refuse('PAYOUT_PROVIDER_MISSING', { provider: name, providers: [...providers.keys()] });

/** @returns PAYOUT_CURRENCY_UNSUPPORTED where the provider transfers no money of the currency */
export const unsupportedCurrency = (
  { currencies }: Pick<PayoutProvider, 'currencies'>,
  currency: string,
): Refusal | undefined =>
  currencies.includes(currency) ? undefined : refuse('PAYOUT_CURRENCY_UNSUPPORTED', { currency, currencies });

async function mark(
  tx: Tx,
  { providers, steps }: AskContext,
  { payoutId, provider: name, requestedBy }: SendAsk,
  asking: Asking | null,
): Promise<ProviderTransfer | Refusal> {
  const provider = providerOf(providers, name);
  if (isRefusal(provider)) return provider;
  await steps.lock(tx, payoutId);
  const payout = await readAttempt(tx, payoutId);
  const unsupported = payout && unsupportedCurrency(provider, payout.currency);
  if (unsupported !== undefined) return unsupported;
  const refusal = await steps.send(tx, payoutId, requestedBy);
  if (refusal !== undefined) return refusal;
  const attempt = payout?.attempt ?? 0;
  await insertTransfers(tx, [{ payoutId, attempt }], name, asking);
  return known(tx, { payoutId, attempt });
}

async function sendMarked(
  db: Db,
  context: TransferContext,
  transfer: ProviderTransfer,
  { asker, markedAt }: { readonly asker: string; readonly markedAt: number },
): Promise<ProviderTransfer> {
  await faultPoint('payout.marked');
  const order = await orderOf(db, context, transfer);
  const late = context.steady() - markedAt > SEND_WITHIN_MS;
  const outcome = late
    ? away('MARKED_TOO_LONG_AGO', 'it was marked too long ago')
    : await send(context, transfer, order);
  await faultPoint('payout.asked');
  const recorded = await record(db, context, transfer, asker, outcome);
  await faultPoint('payout.recorded');
  return recorded;
}

const away = (code: string, message: string): SendOutcome => ({ outcome: 'away', said: { code, message } });

/** The order, with the account in the clear; undefined: it cannot be read. */
async function orderOf(
  db: Db,
  { bankKeys }: TransferContext,
  transfer: ProviderTransfer,
): Promise<TransferOrder | undefined> {
  const { payoutId, attempt, sellerId, bankAccountId, payoutOn, amountMinor, currency } = transfer;
  if (bankAccountId === null) return undefined;
  const account = await readBankAccount(db, sellerId, bankAccountId);
  if (account === undefined) return undefined;
  try {
    return {
      reference: transferReference(payoutId, attempt),
      payee: payeeReference(bankAccountId),
      bankCode: account.bankCode,
      accountNumber: openBankAccount(bankKeys, sellerId, account),
      holder: account.accountHolder,
      ...{ amountMinor, currency },
      remark: `정산 ${payoutOn.slice(5).replace('-', '')}`,
    };
  } catch {
    return undefined;
  }
}

async function send(
  { providers }: TransferContext,
  { provider: name }: ProviderTransfer,
  order: TransferOrder | undefined,
): Promise<SendOutcome> {
  const provider = providers.get(name);
  if (provider === undefined) return away('PROVIDER_NOT_CONFIGURED', `${name} is not configured`);
  if (order === undefined) return away('ACCOUNT_UNREADABLE', 'the bank account cannot be read');
  try {
    return await provider.send(order);
  } catch (error) {
    return { outcome: 'unknown', said: { code: 'PROVIDER_FAILED', message: errorText(error) } };
  }
}

async function lookUp({ providers }: TransferContext, transfer: ProviderTransfer): Promise<InquiryOutcome> {
  const { payoutId, attempt, amountMinor, currency, providerKey } = transfer;
  const unknown = (code: string, message: string): InquiryOutcome => ({ outcome: 'unknown', said: { code, message } });
  const provider = providers.get(transfer.provider);
  if (provider === undefined) return unknown('PROVIDER_NOT_CONFIGURED', `${transfer.provider} is not configured`);
  try {
    return await provider.inquire({
      reference: transferReference(payoutId, attempt),
      ...{ amountMinor, currency, providerKey },
    });
  } catch (error) {
    return unknown('PROVIDER_FAILED', errorText(error));
  }
}

/** Records the outcome of an attempt and moves its payout. An outcome that somebody else has recorded meanwhile stays. */
const record = (
  db: Db,
  { steps, watchDays }: TransferContext,
  id: TransferId,
  asker: string,
  outcome: SendOutcome | InquiryOutcome,
): Promise<ProviderTransfer> =>
  inTransaction(db, async (tx) => {
    await steps.lock(tx, id.payoutId);
    const transfer = await known(tx, id);
    if (transfer.askedBy !== asker) return transfer;
    const follows = judgeTransfer(transfer, outcome, watchDays);
    if (follows !== undefined) await follow(tx, steps, { transfer, asker, outcome }, follows, watchDays);
    return known(tx, id);
  });

interface Recorded {
  readonly transfer: ProviderTransfer;
  readonly asker: string;
  readonly outcome: SendOutcome | InquiryOutcome;
}

/** Makes a step. A transfer that was found continues at once as an open one. */
async function follow(
  tx: Tx,
  steps: PayoutSteps,
  { transfer, asker, outcome }: Recorded,
  follows: TransferStep,
  watchDays: number,
): Promise<void> {
  const said = 'said' in outcome ? outcome.said : null;
  const change = {
    status: transfer.status,
    providerKey: 'providerKey' in outcome ? outcome.providerKey : null,
    looks: transfer.looks + (isUnheard(transfer.status, outcome) ? 0 : 1),
    pauseMs: 'pauseMs' in follows ? follows.pauseMs : null,
    unsent: follows.step === 'wait' && follows.unsent === true,
    failure: 'reason' in follows ? follows.reason : transfer.failure,
    said,
    paidOn: follows.step === 'pay' ? follows.paidOn : null,
  };
  switch (follows.step) {
    case 'wait':
      await changeTransfer(tx, transfer, asker, change);
      return;
    case 'pay':
      await changeTransfer(tx, transfer, asker, { ...change, status: 'PAID', looks: 1 });
      await steps.pay(tx, transfer, follows.paidOn);
      return;
    case 'fail':
      await changeTransfer(tx, transfer, asker, { ...change, status: 'FAILED', looks: 1 });
      await steps.fail(tx, transfer, follows.reason, said);
      return;
    case 'return':
      await changeTransfer(tx, transfer, asker, { ...change, status: 'RETURNED' });
      await steps.takeBack(tx, transfer, follows.reason, said);
      return;
    case 'find': {
      if (!(await steps.find(tx, transfer))) {
        await changeTransfer(tx, transfer, asker, { ...change, failure: 'FOUND_LATER' });
        return;
      }
      const open = { ...transfer, status: 'OPEN', failure: null, looks: 0 } as const;
      const next = judgeTransfer(open, outcome, watchDays);
      if (next !== undefined) await follow(tx, steps, { transfer: open, asker, outcome }, next, watchDays);
    }
  }
}

/** A look-up of a finished transfer counts only where it confirms the recorded outcome; otherwise the transfer is looked up again soon. */
const isUnheard = (status: TransferStatus, { outcome }: { readonly outcome: string }): boolean =>
  (status === 'PAID' && outcome !== 'paid') || (status === 'FAILED' && outcome !== 'missing');

async function known(tx: Tx, id: TransferId): Promise<ProviderTransfer> {
  const transfer = await readTransfer(tx, id);
  if (transfer === undefined) throw new Error(`there is no attempt ${id.attempt} of payout ${id.payoutId}`);
  return transfer;
}
