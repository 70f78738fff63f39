/** Which providers there are, and what is told of their calls. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OpenProviders, paymentProviders } from '../../../../core/payments/providers/registry.js';
import { readConfig } from '../../../../infra/config.js';
import type { ProviderCall } from '../../../../infra/outbound/provider-metrics.js';
import { json, type Outside, startOutside } from '../../../support/outside.js';
import { askOf, providerEnvironment, providersAt, URLS } from '../../../support/payment-providers.js';

let outside: Outside;
const opened: OpenProviders[] = [];
beforeEach(async () => {
  outside = await startOutside();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((made) => made.close()));
  await outside.close();
});

function made<T extends OpenProviders>(providers: T): T {
  opened.push(providers);
  return providers;
}

describe('the registry', () => {
  it('has what is configured', () => {
    const all = made(paymentProviders(readConfig(providerEnvironment(outside.url))));
    expect([...all.providers.keys()]).toEqual(['TOSS', 'PORTONE', 'KAKAOPAY']);
    const { MAGAM_TOSS_SECRET_KEY: _key, MAGAM_TOSS_CLIENT_KEY: _client, ...others } = providerEnvironment(outside.url);
    const some = made(paymentProviders(readConfig(others)));
    expect([...some.providers.keys()]).toEqual(['PORTONE', 'KAKAOPAY']);
    expect(made(paymentProviders(readConfig({}))).providers.size).toBe(0);
  });

  it('reports the outcome of each call', async () => {
    const { named, onCall } = made(providersAt(outside.url));
    const told: ProviderCall[] = [];
    onCall((call) => told.push(call));
    const [toss, kakaoPay] = [named('TOSS'), named('KAKAOPAY')];
    outside.answer(
      json(403, { code: 'REJECT_CARD_PAYMENT', message: 'no' }),
      json(500, {}),
      json(401, { code: 'UNAUTHORIZED_KEY', message: 'no' }),
      json(400, { error_code: -721 }),
    );
    await toss.open(askOf(), URLS);
    await toss.confirm(askOf(), toss.readApproval({ paymentKey: 'key-1' }), 'key');
    await toss.inquire(askOf());
    const payment = askOf({ providerKey: 'key-1' });
    await toss.cancel({ payment, amountMinor: 1, remainingMinor: 1, reason: 'r', idempotencyKey: 'k' });
    await kakaoPay.inquire(payment);
    expect(told.map(({ provider, operation, outcome }) => `${provider} ${operation} ${outcome}`)).toEqual([
      'TOSS open done',
      'TOSS confirm declined',
      'TOSS inquire unknown',
      'TOSS cancel away',
      'KAKAOPAY inquire done',
    ]);
    expect(told.every(({ seconds }) => seconds >= 0)).toBe(true);
  });
});
