/** Webhook endpoints: which addresses they may have, when a delivery is tried again. */
import { type Refusal, refuse } from '../../../kernel/errors.js';

export type EndpointStatus = 'ACTIVE' | 'DISABLED';

/** Endpoints of the platform, or of one seller. */
export const ENDPOINTS_MAX = 20;

/** For so long a former secret counts beside the new one (hours). */
export const FORMER_SECRET_HOURS = 24;

export const URL_MAX = 2_000;

/** The address as it is stored, or WEBHOOK_URL_REFUSED. Whether its host may be called is found out where it is resolved. */
export function endpointUrl(text: string, production: boolean): string | Refusal {
  const refused = (reason: string): Refusal => refuse('WEBHOOK_URL_REFUSED', { reason });
  if (!URL.canParse(text)) return refused('It is not an address.');
  const url = new URL(text);
  if (url.protocol !== 'https:' && (production || url.protocol !== 'http:'))
    return refused('It has to begin with https.');
  if (url.username !== '' || url.password !== '') return refused('It must not hold a user or a password.');
  if (url.hash !== '') return refused('It must not have a fragment.');
  return url.href.length > URL_MAX ? refused(`It is longer than ${URL_MAX} characters.`) : url.href;
}

const FIRST_MS = 10_000;
const MOST_MS = 3_600_000;

/** From the nth failure of an event to the next attempt (ms): 10 s, 20 s, 40 s … 1 h. */
export const pauseAfter = (attempts: number): number => Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 20));
