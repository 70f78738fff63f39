/** How much the HTTP server does at once, and the shares of accounts. `infra/config.ts` reads them. */
import type * as z from 'zod';
import { wholeNumber } from './setting-forms.js';

export const edgeShape = {
  MAGAM_REQUESTS_MAX: wholeNumber(1, 1_000_000).default(10_000),
  MAGAM_DOWNLOADS_MAX: wholeNumber(1, 200).optional(),
  MAGAM_DOWNLOADS_PER_ACCOUNT: wholeNumber(1, 200).default(2),
  MAGAM_DOWNLOAD_MINUTES: wholeNumber(1, 1_440).default(60),
  MAGAM_STREAMS_MAX: wholeNumber(1, 10_000).default(200),
  MAGAM_STREAMS_PER_ACCOUNT: wholeNumber(1, 10_000).default(10),
  MAGAM_STREAM_MINUTES: wholeNumber(1, 1_440).default(60),
};

/** The most answers of one kind at the same time. */
export interface StreamLimits {
  readonly max: number;
  readonly perAccount: number;
  /** An answer is ended after this long (ms). */
  readonly deadlineMs: number;
}

export interface EdgeSettings {
  /** Requests that one server carries out at once. */
  readonly requestsMax: number;
  /** Downloads: each holds a database connection. */
  readonly downloads: StreamLimits;
  /** Event streams. */
  readonly streams: StreamLimits;
}

type EdgeEnvironment = z.output<z.ZodObject<typeof edgeShape>> & { readonly MAGAM_HTTP_POOL: number };

/** By default downloads may have a quarter of the pool, so that the other calls keep the rest. */
const downloadsMax = (env: EdgeEnvironment): number =>
  env.MAGAM_DOWNLOADS_MAX ?? Math.max(1, Math.floor(env.MAGAM_HTTP_POOL / 4));

export const edgeSettings = (env: EdgeEnvironment): EdgeSettings => ({
  requestsMax: env.MAGAM_REQUESTS_MAX,
  downloads: {
    max: downloadsMax(env),
    perAccount: env.MAGAM_DOWNLOADS_PER_ACCOUNT,
    deadlineMs: env.MAGAM_DOWNLOAD_MINUTES * 60_000,
  },
  streams: {
    max: env.MAGAM_STREAMS_MAX,
    perAccount: env.MAGAM_STREAMS_PER_ACCOUNT,
    deadlineMs: env.MAGAM_STREAM_MINUTES * 60_000,
  },
});

/** Downloads that hold all connections would leave none for the calls. */
export const edgeFaults = (env: EdgeEnvironment): string[] =>
  downloadsMax(env) < env.MAGAM_HTTP_POOL ? [] : ['MAGAM_DOWNLOADS_MAX must be below MAGAM_HTTP_POOL'];
