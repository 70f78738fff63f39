/** Addresses that a provider may send the buyer back to. */
import * as z from 'zod';
import type { Config } from '../../infra/config.js';

/** What is wrong with an address by itself; undefined: nothing. A user and a password would be revealed to the provider, and could make one host look like another. */
function formFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return 'must be an address that begins with http:// or https://';
  return url.username === '' && url.password === '' ? undefined : 'must not have a user or a password';
}

/** An address of a request. */
export const returnAddress = z
  .string()
  .max(2_000)
  .superRefine((text, context) => {
    const message = formFault(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({ format: 'uri' });

/** Why the platform does not send buyers to this address, whose form is correct; undefined: it does. */
export function returnAddressFault(
  text: string,
  { returnOrigins, production }: Pick<Config, 'returnOrigins' | 'production'>,
): string | undefined {
  const { origin, protocol } = new URL(text);
  if (returnOrigins !== null)
    return returnOrigins.includes(origin) ? undefined : 'must be at an origin that the platform allows';
  return production && protocol !== 'https:' ? 'must begin with https://' : undefined;
}
