/**
 * The only reader of the environment: it fills in defaults, checks relations and freezes the result. All faults are named in
 * a single `CONFIG_INVALID` (exit code 2).
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, userInfo } from 'node:os';
import * as z from 'zod';
import { type CountOrShare, parseCountOrShare } from '../kernel/count-or-share.js';
import { MagamError } from '../kernel/errors.js';
import { type AccountSettings, accountFaults, accountSettings, accountShape } from './account-settings.js';
import { httpUrl, mailAddresses, mailUrl } from './address-forms.js';
import { type EdgeSettings, edgeFaults, edgeSettings, edgeShape } from './edge-settings.js';
import {
  type IntegrationSettings,
  integrationFaults,
  integrationSettings,
  integrationShape,
} from './integration-settings.js';
import { type KeySettings, keySettings, keyShape } from './key-settings.js';
import {
  type OutboundSettings,
  outboundFaults,
  outboundSettings,
  outboundShape,
} from './outbound/outbound-settings.js';
import {
  type PaymentProviderSettings,
  paymentProviderFaults,
  paymentProviderSettings,
  paymentProviderShape,
} from './payment-provider-settings.js';
import {
  type PayoutProviderSettings,
  payoutProviderFaults,
  payoutProviderSettings,
  payoutProviderShape,
} from './payout-provider-settings.js';
import { type PlatformSettings, platformSettings, platformShape } from './platform-settings.js';
import { oneOf, wholeNumber } from './setting-forms.js';
import { isSigningKey, readPublicKey } from './signing.js';
import { isTimeZone } from './time-zone.js';

/** Without a database the URL means the one named magam. */
const databaseUrl = z
  .string()
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url?.protocol === 'mysql:' && url.hostname !== '' && /^(\/[A-Za-z0-9_$-]{0,64})?$/.test(url.pathname);
  }, 'must look like mysql://user:password@host:3306/database')
  .transform((text) => {
    const url = new URL(text);
    if (url.pathname.length <= 1) url.pathname = '/magam';
    return url.href;
  });

const redisUrl = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'redis:' || url?.protocol === 'rediss:';
}, 'must look like redis://:password@host:6379/0');

/** An Ed25519 private key as PEM text, or the path of a file that holds it. */
const signingKey = z
  .string()
  .transform((value, context) => {
    if (value.includes('-----BEGIN')) return value.replaceAll('\\n', '\n');
    try {
      return readFileSync(value, 'utf8');
    } catch {
      context.addIssue({ code: 'custom', message: `names a file that cannot be read: ${value}` });
      return z.NEVER;
    }
  })
  .refine(isSigningKey, 'is not an Ed25519 private key in PEM');

/** Ed25519 public keys, separated by commas: each as PEM text, as base64 of its SPKI, or as the path of a file that holds one of these. */
const trustedKeys = z.string().transform((value, context) => {
  const keys: string[] = [];
  for (const item of value.split(',').map((text) => text.trim())) {
    if (item === '') continue;
    const key = readPublicKey(item.replaceAll('\\n', '\n')) ?? readPublicKeyFile(item);
    if (key !== undefined) keys.push(key);
    else
      context.addIssue({
        code: 'custom',
        message: `names something that is not an Ed25519 public key: ${item.slice(0, 80)}`,
      });
  }
  return keys;
});

function readPublicKeyFile(path: string): string | undefined {
  try {
    return readPublicKey(readFileSync(path, 'utf8').trim());
  } catch {
    return undefined;
  }
}

/** The zone of a database that has none yet. */
const DEFAULT_TIME_ZONE = 'Asia/Seoul';

/** A number of entries, or a share of a date's entries such as 0.5%. */
const exceptionsMax = z.string().transform((text, context) => {
  const limit = parseCountOrShare(text);
  if (limit !== undefined) return limit;
  context.addIssue({ code: 'custom', message: 'must be a number of entries, or a share such as 0.5%' });
  return z.NEVER;
});

const schema = z.object({
  NODE_ENV: oneOf(['production', 'development', 'test']).default('development'),
  MAGAM_DATABASE_URL: databaseUrl.optional(),
  MAGAM_REDIS_URL: redisUrl.optional(),
  MAGAM_QUEUE_REDIS_URL: redisUrl.optional(),
  MAGAM_TIME_ZONE: z.string().refine(isTimeZone, 'must be an IANA time zone such as Asia/Seoul').optional(),
  MAGAM_SETTLE_AT: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 04:00')
    .default('04:00'),
  MAGAM_SIGNING_KEY: signingKey.optional(),
  MAGAM_TRUSTED_KEYS: trustedKeys.optional(),
  MAGAM_WORKERS: wholeNumber(1, 64).optional(),
  MAGAM_CHUNK_SIZE: wholeNumber(1, 50_000).default(4_000),
  MAGAM_LEASE_MS: wholeNumber(500, 600_000).default(10_000),
  MAGAM_CHUNK_DEADLINE_MS: wholeNumber(500, 3_600_000).default(60_000),
  MAGAM_ANSWER_MS: wholeNumber(1_000, 3_600_000).default(60_000),
  MAGAM_STOP_MS: wholeNumber(500, 3_600_000).default(28_000),
  MAGAM_OUTAGE_MS: wholeNumber(0, 86_400_000).default(120_000),
  MAGAM_CLAIMS_MAX: wholeNumber(1, 100).default(5),
  MAGAM_HISTORY_DAYS: wholeNumber(1, 36_500).default(400),
  MAGAM_EXCEPTIONS_MAX: exceptionsMax.optional(),
  MAGAM_LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  MAGAM_LINE_WRITER: oneOf(['auto', 'insert', 'load']).default('auto'),
  MAGAM_HOST: z.string().default('127.0.0.1'),
  MAGAM_PORT: wholeNumber(0, 65_535).default(8_080),
  ...keyShape,
  MAGAM_TRUST_PROXY: wholeNumber(0, 10).default(0),
  MAGAM_RATE_LIMIT: wholeNumber(1, 999_999_999).default(600),
  MAGAM_HTTP_POOL: wholeNumber(2, 200).default(12),
  ...edgeShape,
  MAGAM_CHECKOUT_MINUTES: wholeNumber(1, 10_080).default(15),
  MAGAM_STOCK_STRATEGY: oneOf(['update', 'redlock']).default('update'),
  MAGAM_STOCK_LOCK_WAIT_MS: wholeNumber(0, 60_000).default(3_000),
  MAGAM_STOCK_LOCK_LEASE_MS: wholeNumber(1_000, 600_000).default(10_000),
  MAGAM_PAYMENT_HOLD_MINUTES: wholeNumber(2, 10_080).default(60),
  MAGAM_PAYMENT_ALARM_MINUTES: wholeNumber(1, 10_080).default(15),
  MAGAM_WEBHOOK_RATE_LIMIT: wholeNumber(1, 999_999_999).default(6_000),
  MAGAM_CONFIRM_DAYS: wholeNumber(0, 365).default(7),
  MAGAM_OUTBOX_DAYS: wholeNumber(1, 36_500).default(30),
  MAGAM_MAIL_URL: mailUrl.optional(),
  MAGAM_MAIL_FROM: z
    .string()
    .regex(/^[^\r\n@]*[^\s@]@[^\s@]+$/, 'must be an address such as shop@example.com or Shop <shop@example.com>')
    .optional(),
  MAGAM_SLACK_WEBHOOK_URL: httpUrl.optional(),
  MAGAM_ALARM_WEBHOOK_URL: httpUrl.optional(),
  MAGAM_ALARM_MAIL_TO: mailAddresses.optional(),
  MAGAM_ALARM_DATE_MINUTES: wholeNumber(0, 10_080).default(120),
  MAGAM_ALARM_RUNNER_MINUTES: wholeNumber(0, 10_080).default(5),
  MAGAM_UPLOAD_BYTES_MAX: wholeNumber(1, 999_999_999).default(268_435_456),
  MAGAM_DRAIN_MS: wholeNumber(0, 600_000).default(2_000),
  MAGAM_DOCS_PAGE: oneOf(['on', 'off']).default('on'),
  MAGAM_METRICS_TOKEN: z
    .string()
    .regex(/^[!-~]{16,}$/, 'must be at least 16 printable ASCII characters without spaces')
    .optional(),
  MAGAM_METRICS_PORT: wholeNumber(0, 65_535).optional(),
  MAGAM_RUNNER_METRICS_PORT: wholeNumber(0, 65_535).optional(),
  ...accountShape,
  ...paymentProviderShape,
  ...payoutProviderShape,
  ...outboundShape,
  ...integrationShape,
  ...platformShape,
  MAGAM_FAULT: z.string().optional(),
});

export interface Config extends KeySettings, EdgeSettings {
  readonly production: boolean;
  /** Null: the private services of the checkout are used. */
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  /** The Redis of the hint queue; null: the same Redis. */
  readonly queueRedisUrl: string | null;
  /** The platform's IANA time zone: business dates are days in it. Where the setting is left out it is that of the database. */
  readonly timeZone: string;
  readonly timeZoneGiven: boolean;
  /** Time of day, `HH:MM` in the platform's zone, at which the runner settles yesterday. */
  readonly settleAt: string;
  /** PEM of an Ed25519 private key, or null: certificates are not signed. */
  readonly signingKeyPem: string | null;
  /** Public keys (SPKI, base64) whose signatures are accepted; null: those that have signed so far. */
  readonly trustedKeys: readonly string[] | null;
  readonly workers: number;
  readonly chunkRows: number;
  readonly leaseMs: number;
  /** A worker whose chunk makes no progress for this long counts as hung and is ended. */
  readonly chunkDeadlineMs: number;
  /** A statement to which the database sends nothing for this long is given up with its connection; one that reads a whole date has half an hour. */
  readonly answerMs: number;
  /** A process that was told to stop ends after this long at the latest. */
  readonly stopMs: number;
  /** How long a run, an import or its withdrawal waits for a database that is away, locked, read-only or full, before it gives up. */
  readonly outageMs: number;
  /** Claims of one partition without progress before it is FAILED. */
  readonly claimsMax: number;
  /** Days for which the history of completed runs is kept: their executions, and the claims of their partitions. */
  readonly historyDays: number;
  /** A run that would park more entries fails before its date is closed; null: it closes with whatever is parked. */
  readonly exceptionsMax: CountOrShare | null;
  readonly logLevel: string;
  /** How lines are written: by multi-row INSERT, by LOAD DATA LOCAL, or by the faster one that the server allows. */
  readonly lineWriter: 'auto' | 'insert' | 'load';
  /** Where the HTTP server listens; port 0 takes a free one. */
  readonly host: string;
  readonly port: number;
  /** The number of proxies in front whose X-Forwarded-For is trusted. */
  readonly trustProxy: number;
  /** Requests a minute of one account, or of one address without one. */
  readonly rateLimit: number;
  /** Database connections of one HTTP server. */
  readonly httpPool: number;
  /** Minutes that a buyer has to pay a checkout, which holds its units for that time. */
  readonly checkoutMinutes: number;
  /** Minutes for which a checkout holds its units at least, from the moment at which its payment is confirmed. */
  readonly paymentHoldMinutes: number;
  /** Minutes after which operators are informed of a payment whose outcome is unknown, or of money that is not back. */
  readonly paymentAlarmMinutes: number;
  /** Webhooks a minute of one provider from one address. */
  readonly webhookRateLimit: number;
  /** The strategy against overselling: the conditional update alone, or a lock in Redis before it. */
  readonly stockStrategy: 'update' | 'redlock';
  /** How long an order waits for its locks in Redis, and how long a lock lasts. */
  readonly stockLock: { readonly waitMs: number; readonly leaseMs: number };
  /** Days after its delivery after which an order is confirmed without the buyer. */
  readonly confirmDays: number;
  /** Days for which events are kept that all consumers have done. */
  readonly outboxDays: number;
  /** Where mail is sent, and from whom; null: none is sent. */
  readonly mail: { readonly url: string; readonly from: string } | null;
  /** When and where operators get alarms; null: not there. */
  readonly alarms: {
    /** A webhook that takes messages in Slack's format. */
    readonly slackUrl: string | null;
    /** A webhook that takes plain JSON. */
    readonly webhookUrl: string | null;
    readonly mailTo: readonly string[];
    /** Minutes after which a date that is due and not closed is an alarm; 0: never. */
    readonly dateMinutes: number;
    /** Minutes without a living runner after which that is an alarm; 0: never. */
    readonly runnerMinutes: number;
  };
  readonly uploadBytesMax: number;
  /** How long a server that was told to stop still serves while it reports that it is not ready. */
  readonly drainMs: number;
  /** Whether the server has the page /docs. */
  readonly docsPage: boolean;
  /** Bearer token of /metrics; null: an operator's access token is required. */
  readonly metricsToken: string | null;
  /** A separate port for /metrics; null: none. */
  readonly metricsPort: number | null;
  /** The port on which a runner serves metrics and probes; null: none. */
  readonly runnerMetricsPort: number | null;
  readonly accounts: AccountSettings;
  readonly paymentProviders: PaymentProviderSettings;
  readonly payoutProviders: PayoutProviderSettings;
  /** Origins that providers may send buyers back to; null accepts every origin, in production only with https. */
  readonly returnOrigins: readonly string[] | null;
  /** How payment providers are called. */
  readonly outbound: OutboundSettings;
  /** Settings for browsers of other origins, the event feed and webhooks. */
  readonly integrations: IntegrationSettings;
  /** The platform's identity on documents for sellers. */
  readonly platform: PlatformSettings;
  /** A named point and what happens there; for tests only, refused in production. */
  readonly fault: string | null;
  /** The user that is recorded as the requester. */
  readonly userName: string;
}

/** Reads the settings. Empty variables count as absent. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(given);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  if (parsed.success) faults.push(...relationFaults(parsed.data));
  if (!parsed.success || faults.length > 0) {
    throw new MagamError('CONFIG_INVALID', `The configuration is wrong: ${faults.join('; ')}.`, { settings: faults });
  }
  const env = parsed.data;
  return Object.freeze({
    production: env.NODE_ENV === 'production',
    databaseUrl: env.MAGAM_DATABASE_URL ?? null,
    redisUrl: env.MAGAM_REDIS_URL ?? null,
    queueRedisUrl: env.MAGAM_QUEUE_REDIS_URL ?? null,
    timeZone: env.MAGAM_TIME_ZONE ?? DEFAULT_TIME_ZONE,
    timeZoneGiven: env.MAGAM_TIME_ZONE !== undefined,
    settleAt: env.MAGAM_SETTLE_AT,
    signingKeyPem: env.MAGAM_SIGNING_KEY ?? null,
    trustedKeys: env.MAGAM_TRUSTED_KEYS ?? null,
    workers: env.MAGAM_WORKERS ?? Math.max(2, Math.min(8, availableParallelism())),
    chunkRows: env.MAGAM_CHUNK_SIZE,
    leaseMs: env.MAGAM_LEASE_MS,
    chunkDeadlineMs: env.MAGAM_CHUNK_DEADLINE_MS,
    answerMs: env.MAGAM_ANSWER_MS,
    stopMs: env.MAGAM_STOP_MS,
    outageMs: env.MAGAM_OUTAGE_MS,
    claimsMax: env.MAGAM_CLAIMS_MAX,
    historyDays: env.MAGAM_HISTORY_DAYS,
    exceptionsMax: env.MAGAM_EXCEPTIONS_MAX ?? null,
    logLevel: env.MAGAM_LOG_LEVEL,
    lineWriter: env.MAGAM_LINE_WRITER,
    host: env.MAGAM_HOST,
    port: env.MAGAM_PORT,
    ...keySettings(env),
    ...edgeSettings(env),
    trustProxy: env.MAGAM_TRUST_PROXY,
    rateLimit: env.MAGAM_RATE_LIMIT,
    httpPool: env.MAGAM_HTTP_POOL,
    checkoutMinutes: env.MAGAM_CHECKOUT_MINUTES,
    paymentHoldMinutes: env.MAGAM_PAYMENT_HOLD_MINUTES,
    paymentAlarmMinutes: env.MAGAM_PAYMENT_ALARM_MINUTES,
    webhookRateLimit: env.MAGAM_WEBHOOK_RATE_LIMIT,
    stockStrategy: env.MAGAM_STOCK_STRATEGY,
    stockLock: { waitMs: env.MAGAM_STOCK_LOCK_WAIT_MS, leaseMs: env.MAGAM_STOCK_LOCK_LEASE_MS },
    confirmDays: env.MAGAM_CONFIRM_DAYS,
    outboxDays: env.MAGAM_OUTBOX_DAYS,
    mail: mailOf(env),
    alarms: {
      slackUrl: env.MAGAM_SLACK_WEBHOOK_URL ?? null,
      webhookUrl: env.MAGAM_ALARM_WEBHOOK_URL ?? null,
      mailTo: env.MAGAM_ALARM_MAIL_TO ?? [],
      dateMinutes: env.MAGAM_ALARM_DATE_MINUTES,
      runnerMinutes: env.MAGAM_ALARM_RUNNER_MINUTES,
    },
    uploadBytesMax: env.MAGAM_UPLOAD_BYTES_MAX,
    drainMs: env.MAGAM_DRAIN_MS,
    docsPage: env.MAGAM_DOCS_PAGE === 'on',
    metricsToken: env.MAGAM_METRICS_TOKEN ?? null,
    metricsPort: env.MAGAM_METRICS_PORT ?? null,
    runnerMetricsPort: env.MAGAM_RUNNER_METRICS_PORT ?? null,
    accounts: accountSettings(env, env.MAGAM_PORT),
    paymentProviders: paymentProviderSettings(env),
    payoutProviders: payoutProviderSettings(env),
    returnOrigins: env.MAGAM_RETURN_ORIGINS ?? null,
    outbound: outboundSettings(env),
    integrations: integrationSettings(env),
    platform: platformSettings(env),
    fault: env.MAGAM_FAULT ?? null,
    userName: userName(),
  });
}

/** Names in the environment that look like settings but are not. @param others settings that are read elsewhere */
export const unknownSettings = (others: readonly string[]): string[] =>
  Object.keys(process.env)
    .filter((name) => name.startsWith('MAGAM_') && !(name in schema.shape) && !others.includes(name))
    .sort();

const mailOf = ({ MAGAM_MAIL_URL: url, MAGAM_MAIL_FROM: from }: z.infer<typeof schema>): Config['mail'] =>
  url === undefined || from === undefined ? null : { url, from };

function relationFaults(env: z.infer<typeof schema>): string[] {
  const production = env.NODE_ENV === 'production';
  const faults = [
    ...outboundFaults(env),
    ...integrationFaults(env),
    ...paymentProviderFaults(env, production),
    ...payoutProviderFaults(env, production),
    ...edgeFaults(env),
  ];
  if (env.MAGAM_MAIL_URL !== undefined && env.MAGAM_MAIL_FROM === undefined)
    faults.push('MAGAM_MAIL_FROM is required with MAGAM_MAIL_URL');
  if (env.MAGAM_ALARM_MAIL_TO !== undefined && env.MAGAM_MAIL_URL === undefined)
    faults.push('MAGAM_MAIL_URL is required with MAGAM_ALARM_MAIL_TO');
  if (!production) return faults;
  faults.push(...accountFaults(env));
  if (env.MAGAM_DATABASE_URL === undefined) faults.push('MAGAM_DATABASE_URL is required with NODE_ENV=production');
  if (env.MAGAM_REDIS_URL === undefined) faults.push('MAGAM_REDIS_URL is required with NODE_ENV=production');
  if (env.MAGAM_FAULT !== undefined) faults.push('MAGAM_FAULT is refused with NODE_ENV=production');
  return faults;
}

function userName(): string {
  try {
    return userInfo().username.slice(0, 64);
  } catch {
    return `uid-${process.getuid?.() ?? 0}`; // a container may run under a uid without a name
  }
}
