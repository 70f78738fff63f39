/** Whether webhooks may be sent to an address that somebody gives. */
import type { Config } from '../../infra/config.js';
import { hostOf, PrivateAddressError, requirePublicHost } from '../../infra/outbound/public-address.js';
import { MagamError } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { endpointUrl } from './rules/endpoint.js';

/**
 * The address as it is stored. Its host is resolved, so it is not called within a transaction; it is resolved again for every delivery, because a name may
 * lead elsewhere by then. Throws WEBHOOK_URL_REFUSED.
 */
export async function requireAllowedUrl(
  text: string,
  { production, integrations }: Pick<Config, 'production' | 'integrations'>,
): Promise<string> {
  const url = decided(endpointUrl(text, production));
  if (integrations.webhookPrivate) return url;
  try {
    await requirePublicHost(hostOf(url));
    return url;
  } catch (error) {
    const reason =
      error instanceof PrivateAddressError
        ? 'Its host has a private or reserved address.'
        : 'Its host cannot be resolved.';
    throw new MagamError('WEBHOOK_URL_REFUSED', `Webhooks are not sent to this address. ${reason}`, { reason });
  }
}
