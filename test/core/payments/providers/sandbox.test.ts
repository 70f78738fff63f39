/**
 * The providers against the sandbox, which was written apart from them after the same public documents: where the two differ, one of them has misread these. What
 * a provider says is held against the sandbox's book each time.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Approval, CancelAsk, PaymentAsk, PaymentProvider } from '../../../../core/payments/providers/provider.js';
import { paymentProviders } from '../../../../core/payments/providers/registry.js';
import { readConfig } from '../../../../infra/config.js';
import type { ProviderName } from '../../../../sandbox/book.js';
import { type Decision, decide } from '../../../../sandbox/decide.js';
import { type Sandbox, startSandbox } from '../../../../sandbox/server.js';
import { outboundSettingsOf } from '../../../support/outside.js';
import { askOf, calm, URLS } from '../../../support/payment-providers.js';
import { sandboxEnvironment } from '../../../support/sandbox.js';

let sandbox: Sandbox;
let made: ReturnType<typeof paymentProviders>;
beforeAll(async () => {
  sandbox = await startSandbox();
  const config = readConfig(sandboxEnvironment(sandbox.url));
  made = paymentProviders({ ...config, outbound: outboundSettingsOf({ breaker: calm, tries: 1, readMs: 500 }) });
});
afterAll(async () => {
  await made?.close();
  await sandbox?.close();
});
beforeEach(() => sandbox.reset());

const sums = () => sandbox.book.read().sums.KRW ?? { charged: 0, cancelled: 0 };
const CHARGED = { charged: 15_000, cancelled: 0 };

describe.each<[ProviderName]>([['TOSS'], ['PORTONE'], ['KAKAOPAY']])('%s', (name) => {
  let provider: PaymentProvider;
  beforeAll(() => {
    provider = made.providers.get(name) as PaymentProvider;
  });

  /** The buyer goes to the provider and comes back. */
  async function visit(
    decision: Decision,
    made: Partial<PaymentAsk> = {},
  ): Promise<{ ask: PaymentAsk; approval: Approval }> {
    const ask = askOf(made);
    const opened = await provider.open(ask, URLS);
    if (opened.outcome !== 'done') throw new Error(`not opened: ${opened.failure.code}`);
    const { providerKey } = opened.value;
    const payment =
      (providerKey === null ? undefined : sandbox.book.byKey(name, providerKey)) ??
      sandbox.book.open({
        provider: name,
        key: `key-${sandbox.book.next()}`,
        amount: ask.amountMinor,
        successUrl: URLS.success,
        failUrl: URLS.fail,
        ...ask,
      });
    const back = new URL(decide(sandbox.world, payment, decision)).searchParams;
    // A buyer who declined at KakaoPay brings nothing; one who is up to something brings anything.
    const brought = {
      paymentKey: payment.key,
      paymentId: ask.reference,
      pg_token: 'none',
      ...Object.fromEntries(back),
    };
    const approval = provider.readApproval(brought);
    return { ask: { ...ask, providerKey: providerKey ?? approval.providerKey }, approval };
  }

  const confirmed = async () => {
    const { ask, approval } = await visit('approve');
    const outcome = await provider.confirm(ask, approval, 'confirmation-0001');
    expect(outcome).toMatchObject({ outcome: 'done', value: { status: 'CHARGED' } });
    return ask;
  };
  const cancelOf = (payment: PaymentAsk, more: Partial<CancelAsk> = {}): CancelAsk => ({
    payment,
    amountMinor: 5_000,
    remainingMinor: 15_000,
    reason: '단순 변심',
    idempotencyKey: 'cancellation-0001',
    ...more,
  });

  it('charges once, and says so however often it is confirmed', async () => {
    const { ask, approval } = await visit('approve');
    for (const key of ['confirmation-0001', 'confirmation-0001', 'confirmation-0002'])
      expect(await provider.confirm(ask, approval, key)).toMatchObject({
        outcome: 'done',
        value: { reference: ask.reference, amountMinor: 15_000, currency: 'KRW', status: 'CHARGED', cancelledMinor: 0 },
      });
    expect(await provider.inquire(ask)).toMatchObject({
      outcome: 'done',
      value: { status: 'CHARGED', amountMinor: 15_000 },
    });
    expect(sums()).toEqual(CHARGED);
  });

  it('knows a payment that is open, and one that the buyer has declined', async () => {
    expect(
      await provider.inquire(askOf({ reference: 'of-nobody-0001', providerKey: 'T0000000000000000001' })),
    ).toMatchObject({ outcome: 'done', value: null });
    const { ask, approval } = await visit('decline');
    expect(await provider.confirm(ask, approval, 'confirmation-0001')).toMatchObject({ outcome: 'declined' });
    expect(await provider.inquire(ask)).toMatchObject({ outcome: 'done', value: { status: 'DECLINED' } });
    expect(sums()).toEqual({ charged: 0, cancelled: 0 });
  });

  it('gives back parts until nothing is left, each once', async () => {
    const ask = await confirmed();
    const part = () => provider.cancel(cancelOf(ask));
    expect(await part()).toMatchObject({
      outcome: 'done',
      value: { status: 'PARTLY_CANCELLED', cancelledMinor: 5_000 },
    });
    expect(await part()).toMatchObject({ outcome: 'done', value: { cancelledMinor: 5_000 } });
    const rest = { amountMinor: 10_000, remainingMinor: 10_000, idempotencyKey: 'cancellation-0002' };
    expect(await provider.cancel(cancelOf(ask, rest))).toMatchObject({
      outcome: 'done',
      value: { status: 'CANCELLED', cancelledMinor: 15_000 },
    });
    expect(sums()).toEqual({ charged: 15_000, cancelled: 15_000 });
  });

  it('gives nothing back that was not there', async () => {
    const ask = await confirmed();
    const tooMuch = { amountMinor: 15_001, remainingMinor: 15_001 };
    expect((await provider.cancel(cancelOf(ask, tooMuch))).outcome).not.toBe('done');
    expect(sums()).toEqual(CHARGED);
  });

  it.each(['cut-after', 'error-after'] as const)(
    'leaves a confirmation unknown whose answer is lost (%s), and finds it',
    async (kind) => {
      const { ask, approval } = await visit('approve');
      const operation = name === 'PORTONE' ? 'inquire' : 'confirm';
      sandbox.faults.set([{ on: 'call', operation, kind, times: 1 }]);
      expect(await provider.confirm(ask, approval, 'confirmation-0001')).toMatchObject({ outcome: 'unknown' });
      expect(await provider.inquire(ask)).toMatchObject({ outcome: 'done', value: { status: 'CHARGED' } });
      expect(await provider.confirm(ask, approval, 'confirmation-0001')).toMatchObject({
        outcome: 'done',
        value: { status: 'CHARGED' },
      });
      expect(sums()).toEqual(CHARGED);
    },
  );

  it.each(['cut-after', 'error-after'] as const)(
    'gives back once where the answer of a cancellation is lost (%s)',
    async (kind) => {
      const ask = await confirmed();
      sandbox.faults.set([{ on: 'call', operation: 'cancel', kind, times: 1 }]);
      const first = await provider.cancel(cancelOf(ask));
      if (first.outcome !== 'done') {
        expect(first.outcome).toBe('unknown');
        expect(await provider.cancel(cancelOf(ask))).toMatchObject({
          outcome: 'done',
          value: { cancelledMinor: 5_000 },
        });
      }
      expect(sums()).toEqual({ charged: 15_000, cancelled: 5_000 });
    },
  );

  it('is told by the bank that it declines', async () => {
    sandbox.faults.set([{ on: 'call', operation: 'confirm', kind: 'decline', times: 1 }]);
    const { ask, approval } = await visit('approve');
    expect(await provider.confirm(ask, approval, 'confirmation-0001')).toMatchObject({ outcome: 'declined' });
    expect(await provider.inquire(ask)).toMatchObject({ outcome: 'done', value: { status: 'DECLINED' } });
    expect(sums()).toEqual({ charged: 0, cancelled: 0 });
  });

  it('is charged only with the requested amount, and for the requested order', async () => {
    const { ask, approval } = await visit('approve');
    for (const other of [{ amountMinor: 14_999 }, { reference: 'order-of-others' }]) {
      const outcome = await provider.confirm(
        { ...ask, ...other },
        approval,
        `confirmation-${JSON.stringify(other).length}`,
      );
      // Where the buyer's approval has charged already the amount is in the answer, for others to judge.
      const charged = outcome.outcome === 'done' && outcome.value.status !== 'OPEN' ? outcome.value : null;
      if (charged !== null) expect(charged).toMatchObject({ amountMinor: 15_000, reference: 'order-0001' });
    }
    expect(sums().charged).toBe(name === 'PORTONE' ? 15_000 : 0);
  });
});
