/**
 * The provider against the payout service of the sandbox, with each fault. What it says is held against the sandbox's book, and no request for a transfer may have
 * left twice.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { payeeReference, type TransferOrder } from '../../../../core/payouts/providers/provider.js';
import { payoutProviders } from '../../../../core/payouts/providers/registry.js';
import { TossPayoutProvider } from '../../../../core/payouts/providers/toss/toss-payout-provider.js';
import { readConfig } from '../../../../infra/config.js';
import { OutboundClient } from '../../../../infra/outbound/outbound-client.js';
import type { TossPayoutSettings } from '../../../../infra/payout-provider-settings.js';
import { found } from '../../../../kernel/outcome.js';
import type { CallFault } from '../../../../sandbox/faults.js';
import { SANDBOX_KEYS } from '../../../../sandbox/keys.js';
import { type Sandbox, startSandbox } from '../../../../sandbox/server.js';
import { outboundSettingsOf } from '../../../support/outside.js';
import { calm } from '../../../support/payment-providers.js';

const ACCOUNT = { bankCode: '088', accountNumber: '110123456789', holder: '한빛서점' };
const ORDER: TransferOrder = {
  reference: 'P12-1',
  payee: payeeReference(7),
  ...ACCOUNT,
  amountMinor: 150_000n,
  currency: 'KRW',
  remark: '2026년 11월 정산',
};
const INQUIRY = { reference: 'P12-1', amountMinor: 150_000n, currency: 'KRW', providerKey: null };

let sandbox: Sandbox;
const clients: OutboundClient[] = [];

function providerAt(url: string, more: Partial<TossPayoutSettings> = {}): TossPayoutProvider {
  const { secretKey, securityKey } = SANDBOX_KEYS.tossPayout;
  const client = new OutboundClient('TOSS_PAYOUT', url, outboundSettingsOf({ breaker: calm, tries: 3, readMs: 500 }));
  clients.push(client);
  const settings = { url, secretKey, securityKey: Buffer.from(securityKey, 'hex'), ...more };
  return new TossPayoutProvider(settings, client, Date.now);
}

let provider: TossPayoutProvider;
const register = (refSellerId = ORDER.payee, more: Partial<typeof ACCOUNT> = {}) => {
  const { holder: holderName, ...account } = { ...ACCOUNT, ...more };
  return sandbox.payouts.register({
    refSellerId,
    status: 'APPROVED',
    businessType: 'CORPORATE',
    account: { ...account, holderName },
  });
};

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox?.close());
beforeEach(() => {
  sandbox.reset();
  provider = providerAt(sandbox.url);
});
afterEach(async () => void (await Promise.all(clients.splice(0).map((client) => client.close()))));

const sent = () => sandbox.payouts.read().entries.map(({ kind, refPayoutId, amount }) => [kind, refPayoutId, amount]);
const requests = () => sandbox.payouts.read().requests;
const fault = (kind: CallFault['kind'], operation: 'send' | 'inquire', more: Partial<CallFault> = {}) =>
  sandbox.faults.set([{ on: 'call', provider: 'TOSS_PAYOUT', operation, kind, ...more }]);
const MOVED = [['PAYOUT', 'P12-1', 150_000]];

describe('a transfer', () => {
  beforeEach(() => void register());

  it('is sent, and paid when it is looked up by its key or by its reference', async () => {
    const outcome = await provider.send(ORDER);
    const { id } = found(sandbox.payouts.byReference('P12-1'), 'INTERNAL');
    expect(outcome).toEqual({ outcome: 'sent', providerKey: id });
    expect(sandbox.payouts.byReference('P12-1')?.transactionDescription).toBe('2026년 1');
    const paid = { outcome: 'paid', providerKey: id, paidOn: new Date().toISOString().slice(0, 10) };
    expect(await provider.inquire(INQUIRY)).toEqual(paid);
    expect(await provider.inquire({ ...INQUIRY, providerKey: id })).toEqual(paid);
    expect(sent()).toEqual(MOVED);
    expect(requests()).toEqual(['P12-1']);
  });

  it('is on its way while the provider works on it', async () => {
    await provider.send(ORDER);
    const payout = found(sandbox.payouts.byReference('P12-1'), 'INTERNAL');
    payout.held = true;
    expect(await provider.inquire(INQUIRY)).toEqual({ outcome: 'sent', providerKey: payout.id });
  });

  it('is unknown where the provider says that it was paid on no day of the calendar', async () => {
    await provider.send(ORDER);
    Object.assign(found(sandbox.payouts.byReference('P12-1'), 'INTERNAL'), { payoutDate: '2026-02-30T' });
    expect(await provider.inquire(INQUIRY)).toMatchObject({ outcome: 'unknown', said: { code: 'DATE_INVALID' } });
  });

  it('is unknown when the answer is lost after the money moved, and a look-up finds it', async () => {
    fault('cut-after', 'send');
    expect(await provider.send(ORDER)).toMatchObject({ outcome: 'unknown', said: { code: 'CONNECTION_LOST' } });
    expect(requests()).toEqual(['P12-1']);
    expect(await provider.inquire(INQUIRY)).toMatchObject({ outcome: 'paid' });
    expect(sent()).toEqual(MOVED);
  });

  it('is unknown when the answer is late', async () => {
    fault('delay', 'send', { ms: 2_000 });
    expect(await provider.send(ORDER)).toMatchObject({ outcome: 'unknown', said: { code: 'TIMED_OUT' } });
    expect(requests()).toEqual(['P12-1']);
  });

  it.each([
    ['error-before', []],
    ['cut-before', []],
    ['error-after', MOVED],
  ] as const)('is unknown after %s, and is not sent again', async (kind, moved) => {
    fault(kind, 'send');
    expect(await provider.send(ORDER)).toMatchObject({ outcome: 'unknown' });
    expect(requests()).toEqual(['P12-1']);
    expect(sent()).toEqual(moved);
    expect(await provider.inquire(INQUIRY)).toMatchObject({ outcome: moved.length === 0 ? 'missing' : 'paid' });
  });

  it.each([
    ['INVALID_ACCOUNT', 'ACCOUNT_NOT_FOUND'],
    ['CLOSED_ACCOUNT', 'ACCOUNT_CLOSED'],
    ['INSUFFICIENT_BALANCE', 'INSUFFICIENT_BALANCE'],
    ['FORBIDDEN_SELLER_PAYOUT', 'PAYEE_NOT_APPROVED'],
  ])('fails where the provider says %s', async (code, reason) => {
    fault('decline', 'send', { code });
    expect(await provider.send(ORDER)).toEqual({
      outcome: 'failed',
      reason,
      said: { code, message: code },
      providerKey: null,
    });
    expect(sent()).toEqual([]);
  });

  it('is unknown where the provider refuses it with a code that is not listed', async () => {
    fault('decline', 'send', { code: 'toString' });
    expect(await provider.send(ORDER)).toMatchObject({ outcome: 'unknown', said: { code: 'toString' } });
  });

  it('fails where the paying account does not hold enough', async () => {
    sandbox.payouts.balance = 149_999;
    expect(await provider.send(ORDER)).toMatchObject({ outcome: 'failed', reason: 'INSUFFICIENT_BALANCE' });
    expect(sent()).toEqual([]);
  });

  it('fails or comes back later', async () => {
    await provider.send(ORDER);
    const payout = found(sandbox.payouts.byReference('P12-1'), 'INTERNAL');
    await provider.inquire(INQUIRY);
    sandbox.payouts.fail(payout, { code: 'RETURNED', message: 'account closed' });
    expect(await provider.inquire(INQUIRY)).toEqual({
      outcome: 'failed',
      reason: 'RETURNED_BY_BANK',
      said: { code: 'RETURNED', message: 'account closed' },
      providerKey: payout.id,
    });
    expect(sent()).toEqual([...MOVED, ['RETURN', 'P12-1', 150_000]]);
  });

  it('is moved once by the provider, too, under one reference', async () => {
    await provider.send(ORDER);
    await providerAt(sandbox.url).send(ORDER);
    expect(sent()).toEqual(MOVED);
  });

  it('is unknown where the provider transfers another amount', async () => {
    await provider.send(ORDER);
    expect(await provider.inquire({ ...INQUIRY, amountMinor: 150_001n })).toMatchObject({
      outcome: 'unknown',
      said: { code: 'AMOUNT_DIFFERS' },
    });
  });

  it('is found behind the first page of a list', async () => {
    for (let i = 0; i < 250; i += 1) register(`OTHER-${i}`);
    register(payeeReference(8));
    for (let i = 1; i <= 120; i += 1)
      sandbox.payouts.send({
        refPayoutId: `P${i + 100}-1`,
        destination: 'seller',
        scheduleType: 'EXPRESS',
        amount: { currency: 'KRW', value: 1 },
        transactionDescription: 'x',
      });
    expect(await provider.send({ ...ORDER, payee: payeeReference(8) })).toMatchObject({ outcome: 'sent' });
    expect(await provider.inquire(INQUIRY)).toMatchObject({ outcome: 'paid' });
  });

  it('is unknown while it cannot be looked up', async () => {
    await provider.send(ORDER);
    fault('error-before', 'inquire');
    expect(await provider.inquire(INQUIRY)).toMatchObject({ outcome: 'unknown' });
  });
});

describe('nothing is sent', () => {
  it.each<[string, (() => unknown) | undefined, string]>([
    ['to an account that is not registered', undefined, 'PAYEE_MISSING'],
    [
      'to another account than the one that was approved',
      () => register(ORDER.payee, { accountNumber: '110123456780' }),
      'PAYEE_DIFFERS',
    ],
    ['to another holder', () => register(ORDER.payee, { holder: '다른서점' }), 'PAYEE_DIFFERS'],
    [
      'to a seller whom the provider has not approved',
      () => Object.assign(register(), { status: 'KYC_REQUIRED' }),
      'PAYEE_NOT_APPROVED',
    ],
  ])('%s', async (_, prepare, reason) => {
    prepare?.();
    expect(await provider.send(ORDER)).toMatchObject({ outcome: 'failed', reason });
    expect(requests()).toEqual([]);
  });

  it('to a number that the provider shows with asterisks where the digits that it shows differ', async () => {
    register(ORDER.payee, { accountNumber: '1101234****0' });
    expect(await provider.send(ORDER)).toMatchObject({ outcome: 'failed', reason: 'PAYEE_DIFFERS' });
    sandbox.reset();
    register(ORDER.payee, { accountNumber: '1101234****9' });
    expect(await providerAt(sandbox.url).send(ORDER)).toMatchObject({ outcome: 'sent' });
  });

  it('while the seller cannot be looked up, or nobody answers', async () => {
    register();
    fault('error-before', 'inquire');
    expect(await provider.send(ORDER)).toMatchObject({ outcome: 'away' });
    expect(await providerAt('http://127.0.0.1:9').send(ORDER)).toMatchObject({ outcome: 'away' });
    expect(requests()).toEqual([]);
  });

  it('under a wrong key are refused, and a body under a wrong key has no effect', async () => {
    register();
    expect(await providerAt(sandbox.url, { secretKey: 'wrong' }).send(ORDER)).toMatchObject({
      outcome: 'away',
      said: { code: 'UNAUTHORIZED_KEY' },
    });
    const unreadable = providerAt(sandbox.url, { securityKey: Buffer.alloc(32) });
    expect(await unreadable.send(ORDER)).toMatchObject({ outcome: 'unknown', said: { code: 'ANSWER_INVALID' } });
    expect(sent()).toEqual([]);
  });
});

it('is there when its keys are set, and waits for an answer as long as the provider says it takes', async () => {
  const none = payoutProviders(readConfig({}));
  expect([...none.providers.keys()]).toEqual([]);
  const { secretKey, securityKey } = SANDBOX_KEYS.tossPayout;
  const made = payoutProviders(
    readConfig({
      MAGAM_TOSS_PAYOUT_URL: sandbox.url,
      MAGAM_TOSS_PAYOUT_SECRET_KEY: secretKey,
      MAGAM_TOSS_PAYOUT_SECURITY_KEY: securityKey,
    }),
  );
  register();
  expect(await made.providers.get('TOSS_PAYOUT')?.send(ORDER)).toMatchObject({ outcome: 'sent' });
  await made.close();
});
