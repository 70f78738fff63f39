/**
 * Links that are sent by mail and prove that its receiver reads it. Their token is made when the mail is sent, so it stands in no event and no table. A mail that is
 * sent again has a new token, and both are good until one of the kind is used.
 */
import type { Db } from '../../infra/database.js';
import { newOneTimeToken } from '../../infra/one-time-token.js';
import { insertLink, type LinkPurpose } from './stores/one-time-link.js';

/** How long links are good (minutes). An invitation has an end of its own, which is never later than that of its link. */
const MINUTES: Readonly<Record<LinkPurpose, number>> = { PROVE: 24 * 60, RESET: 60, INVITE: 365 * 24 * 60 };

/** The page to which a link leads. The token follows a `#`, which browsers keep to themselves: it stands in no log of a server. */
const PAGES: Readonly<Record<LinkPurpose, string>> = {
  PROVE: 'prove-address',
  RESET: 'reset-password',
  INVITE: 'accept-invitation',
};

/** Makes a link. @returns its address below `publicUrl` */
export async function makeLink(db: Db, publicUrl: string, purpose: LinkPurpose, subjectId: number): Promise<string> {
  const { token, hash } = newOneTimeToken();
  await insertLink(db, { tokenHash: hash, purpose, subjectId, minutes: MINUTES[purpose] });
  return `${publicUrl}/links/${PAGES[purpose]}#${token}`;
}
