/** The provider that pays sellers; there is none unless its settings are given. `infra/config.ts` reads it. */
import * as z from 'zod';
import { key, url } from './payment-provider-settings.js';
import { wholeNumber } from './setting-forms.js';

export interface TossPayoutSettings {
  readonly url: string;
  readonly secretKey: string;
  /** 32 bytes, under which bodies are encrypted both ways. */
  readonly securityKey: Buffer;
}

/** The payout provider. */
export interface PayoutProviderSettings {
  readonly toss: TossPayoutSettings | null;
  /** How long a transfer that was paid, or was taken for lost, is looked up again (days). */
  readonly watchDays: number;
}

export const payoutProviderShape = {
  MAGAM_TOSS_PAYOUT_URL: url.default('https://api.tosspayments.com'),
  MAGAM_TOSS_PAYOUT_SECRET_KEY: key.optional(),
  MAGAM_TOSS_PAYOUT_SECURITY_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits')
    .optional(),
  MAGAM_PAYOUT_WATCH_DAYS: wholeNumber(1, 365).default(90),
};

type PayoutProviderEnv = z.infer<z.ZodObject<typeof payoutProviderShape>>;

export function payoutProviderSettings(env: PayoutProviderEnv): PayoutProviderSettings {
  const { MAGAM_TOSS_PAYOUT_SECRET_KEY: secretKey, MAGAM_TOSS_PAYOUT_SECURITY_KEY: securityKey } = env;
  const missing = secretKey === undefined || securityKey === undefined;
  return {
    toss: missing ? null : { url: env.MAGAM_TOSS_PAYOUT_URL, secretKey, securityKey: Buffer.from(securityKey, 'hex') },
    watchDays: env.MAGAM_PAYOUT_WATCH_DAYS,
  };
}

/** Missing settings and contradictions, a sentence for each. */
export function payoutProviderFaults(env: PayoutProviderEnv, production: boolean): string[] {
  const faults: string[] = [];
  const names = ['MAGAM_TOSS_PAYOUT_SECRET_KEY', 'MAGAM_TOSS_PAYOUT_SECURITY_KEY'] as const;
  for (const [missing, given] of [names, names.toReversed()] as const)
    if (env[given as (typeof names)[number]] !== undefined && env[missing as (typeof names)[number]] === undefined)
      faults.push(`${missing} is required with ${given}`);
  if (production && !env.MAGAM_TOSS_PAYOUT_URL.startsWith('https:'))
    faults.push('MAGAM_TOSS_PAYOUT_URL must be https with NODE_ENV=production');
  return faults;
}
