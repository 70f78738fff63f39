/**
 * Addresses and keys of payment providers, and where they may send buyers back to. A provider without its keys is not offered. `infra/config.ts` reads them.
 */
import * as z from 'zod';

export interface TossSettings {
  readonly url: string;
  readonly secretKey: string;
  /** Public: the shop's page opens the provider's script with it. */
  readonly clientKey: string;
}

export interface PortOneSettings {
  readonly url: string;
  readonly apiSecret: string;
  readonly storeId: string;
  /** Public; null: the shop's page chooses the channel. */
  readonly channelKey: string | null;
  /** Null: no webhook is trusted. */
  readonly webhookSecret: string | null;
}

export interface KakaoPaySettings {
  readonly url: string;
  readonly secretKey: string;
  /** The merchant's code. */
  readonly cid: string;
}

export interface PaymentProviderSettings {
  readonly toss: TossSettings | null;
  readonly portOne: PortOneSettings | null;
  readonly kakaoPay: KakaoPaySettings | null;
}

/** A key of a provider. */
export const key = z.string().regex(/^[!-~]{1,500}$/, 'must be printable ASCII characters without spaces');

/** The address of a provider. */
export const url = z.string().refine((text) => {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  return (
    /^https?:$/.test(parsed?.protocol ?? '') && parsed?.search === '' && parsed.hash === '' && parsed.username === ''
  );
}, 'must look like https://host or https://host/path');

/** By the Standard Webhooks scheme: `whsec_` and bytes in base64. */
const webhookSecret = z
  .string()
  .regex(
    /^(whsec_)?(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
    'must be base64, after whsec_',
  );

/** Origins, separated by commas: `https://shop.example`, or with a port. */
const origins = z.string().transform((text, context) => {
  const all = text.split(',').map((one) => one.trim());
  // The text before the first slash after the host is an origin unless it names a user.
  const right = all.every((one) => /^https?:\/\/[^/?#@]+\/?$/i.test(one) && URL.canParse(one));
  if (right) return all.map((one) => new URL(one).origin);
  context.addIssue({ code: 'custom', message: 'must be origins such as https://shop.example, separated by commas' });
  return z.NEVER;
});

export const paymentProviderShape = {
  MAGAM_RETURN_ORIGINS: origins.optional(),
  MAGAM_TOSS_URL: url.default('https://api.tosspayments.com'),
  MAGAM_TOSS_SECRET_KEY: key.optional(),
  MAGAM_TOSS_CLIENT_KEY: key.optional(),
  MAGAM_PORTONE_URL: url.default('https://api.portone.io'),
  MAGAM_PORTONE_API_SECRET: key.optional(),
  MAGAM_PORTONE_STORE_ID: key.optional(),
  MAGAM_PORTONE_CHANNEL_KEY: key.optional(),
  MAGAM_PORTONE_WEBHOOK_SECRET: webhookSecret.optional(),
  MAGAM_KAKAOPAY_URL: url.default('https://open-api.kakaopay.com'),
  MAGAM_KAKAOPAY_SECRET_KEY: key.optional(),
  MAGAM_KAKAOPAY_CID: key.optional(),
};

type PaymentProviderEnv = z.infer<z.ZodObject<typeof paymentProviderShape>>;

export function paymentProviderSettings(env: PaymentProviderEnv): PaymentProviderSettings {
  const { MAGAM_TOSS_SECRET_KEY: tossKey, MAGAM_TOSS_CLIENT_KEY: clientKey } = env;
  const { MAGAM_PORTONE_API_SECRET: apiSecret, MAGAM_PORTONE_STORE_ID: storeId } = env;
  const { MAGAM_KAKAOPAY_SECRET_KEY: kakaoPayKey, MAGAM_KAKAOPAY_CID: cid } = env;
  return {
    toss:
      tossKey === undefined || clientKey === undefined
        ? null
        : { url: env.MAGAM_TOSS_URL, secretKey: tossKey, clientKey },
    portOne:
      apiSecret === undefined || storeId === undefined
        ? null
        : {
            url: env.MAGAM_PORTONE_URL,
            apiSecret,
            storeId,
            channelKey: env.MAGAM_PORTONE_CHANNEL_KEY ?? null,
            webhookSecret: env.MAGAM_PORTONE_WEBHOOK_SECRET ?? null,
          },
    kakaoPay:
      kakaoPayKey === undefined || cid === undefined
        ? null
        : { url: env.MAGAM_KAKAOPAY_URL, secretKey: kakaoPayKey, cid },
  };
}

/** Missing settings and contradictions, a sentence for each. */
export function paymentProviderFaults(env: PaymentProviderEnv, production: boolean): string[] {
  const faults: string[] = [];
  const together = (...names: [keyof PaymentProviderEnv, keyof PaymentProviderEnv]): void => {
    const [given, missing] = env[names[0]] === undefined ? [names[1], names[0]] : names;
    if (env[given] !== undefined && env[missing] === undefined) faults.push(`${missing} is required with ${given}`);
  };
  together('MAGAM_TOSS_SECRET_KEY', 'MAGAM_TOSS_CLIENT_KEY');
  together('MAGAM_PORTONE_API_SECRET', 'MAGAM_PORTONE_STORE_ID');
  together('MAGAM_KAKAOPAY_SECRET_KEY', 'MAGAM_KAKAOPAY_CID');
  for (const name of ['MAGAM_PORTONE_CHANNEL_KEY', 'MAGAM_PORTONE_WEBHOOK_SECRET'] as const)
    if (env[name] !== undefined && env.MAGAM_PORTONE_API_SECRET === undefined)
      faults.push(`MAGAM_PORTONE_API_SECRET is required with ${name}`);
  for (const name of ['MAGAM_TOSS_URL', 'MAGAM_PORTONE_URL', 'MAGAM_KAKAOPAY_URL'] as const)
    if (production && !env[name].startsWith('https:')) faults.push(`${name} must be https with NODE_ENV=production`);
  if (production && env.MAGAM_RETURN_ORIGINS?.some((origin) => !origin.startsWith('https:')) === true)
    faults.push('MAGAM_RETURN_ORIGINS must be https with NODE_ENV=production');
  return faults;
}
