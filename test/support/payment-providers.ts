/** Payment providers as a process has them, at the address of a server of the test. */
import type { PaymentAsk, PaymentProvider } from '../../core/payments/providers/provider.js';
import { type Clocks, type OpenProviders, paymentProviders } from '../../core/payments/providers/registry.js';
import { readConfig } from '../../infra/config.js';
import type { BreakerSettings, OutboundSettings } from '../../infra/outbound/outbound-settings.js';
import { found } from '../../kernel/outcome.js';
import { outboundSettingsOf } from './outside.js';

/** The secret of webhooks in these settings, as bytes. */
export const WEBHOOK_KEY = Buffer.from('a secret of 32 bytes, for webhooks');

/** A breaker that does not get into the way of a table of failures. */
export const calm: BreakerSettings = {
  windowCalls: 10_000,
  callsMin: 10_000,
  failedPercent: 100,
  slowPercent: 100,
  slowMs: 1,
  openMs: 1,
  probes: 1,
};

export const providerEnvironment = (url: string): Record<string, string> => ({
  MAGAM_TOSS_URL: url,
  MAGAM_TOSS_SECRET_KEY: 'test_sk_1',
  MAGAM_TOSS_CLIENT_KEY: 'test_ck_1',
  MAGAM_PORTONE_URL: url,
  MAGAM_PORTONE_API_SECRET: 'portone-secret',
  MAGAM_PORTONE_STORE_ID: 'store-1',
  MAGAM_PORTONE_CHANNEL_KEY: 'channel-1',
  MAGAM_PORTONE_WEBHOOK_SECRET: `whsec_${WEBHOOK_KEY.toString('base64')}`,
  MAGAM_KAKAOPAY_URL: url,
  MAGAM_KAKAOPAY_SECRET_KEY: 'kakao-secret',
  MAGAM_KAKAOPAY_CID: 'TC0ONETIME',
});

export function providersAt(
  url: string,
  more: { readonly outbound?: Partial<OutboundSettings>; readonly clocks?: Clocks; readonly production?: boolean } = {},
): OpenProviders & { readonly named: (name: string) => PaymentProvider } {
  const config = readConfig(providerEnvironment(url));
  const { production = false } = more;
  const made = paymentProviders({ ...config, production, outbound: outboundSettingsOf(more.outbound) }, more.clocks);
  return { ...made, named: (name) => found(made.providers.get(name), 'PROVIDER_NOT_CONFIGURED') };
}

export const askOf = (more: Partial<PaymentAsk> = {}): PaymentAsk => ({
  reference: 'order-0001',
  buyer: '42',
  amountMinor: 15_000,
  currency: 'KRW',
  orderName: '운동화 외 1건',
  providerKey: null,
  ...more,
});

export const URLS = { success: 'https://shop.example/paid', fail: 'https://shop.example/failed' };
