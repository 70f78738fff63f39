/** Settings for other systems: browsers of other origins, the event feed and webhooks. `infra/config.ts` reads it. */
import * as z from 'zod';
import { oneOf, wholeNumber } from './setting-forms.js';

export interface IntegrationSettings {
  /** Origins whose pages may call the API. */
  readonly corsOrigins: readonly string[];
  /** Days for which events of the feed, and attempts to deliver them, are kept. */
  readonly eventDays: number;
  /** Days of failed deliveries after which a webhook endpoint is disabled. */
  readonly webhookDays: number;
  /** Whether webhooks may be sent to private addresses. */
  readonly webhookPrivate: boolean;
}

const isOrigin = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;

const origins = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
  )
  .refine(
    (list) => list.every(isOrigin),
    'must be origins such as https://shop.example.com, separated by commas, without a path',
  );

export const integrationShape = {
  MAGAM_CORS_ORIGINS: origins.optional(),
  MAGAM_EVENT_DAYS: wholeNumber(7, 36_500).default(90),
  MAGAM_WEBHOOK_DAYS: wholeNumber(1, 365).default(3),
  MAGAM_WEBHOOK_PRIVATE_ADDRESSES: oneOf(['on', 'off']).default('off'),
};

type IntegrationEnv = z.infer<z.ZodObject<typeof integrationShape>>;

export const integrationSettings = (env: IntegrationEnv): IntegrationSettings => ({
  corsOrigins: env.MAGAM_CORS_ORIGINS ?? [],
  eventDays: env.MAGAM_EVENT_DAYS,
  webhookDays: env.MAGAM_WEBHOOK_DAYS,
  webhookPrivate: env.MAGAM_WEBHOOK_PRIVATE_ADDRESSES === 'on',
});

/** Contradictions between settings: an event must not be deleted before its last try. */
export const integrationFaults = (env: IntegrationEnv): string[] =>
  env.MAGAM_WEBHOOK_DAYS < env.MAGAM_EVENT_DAYS ? [] : ['MAGAM_WEBHOOK_DAYS must be less than MAGAM_EVENT_DAYS'];
