/**
 * Links that are sent by mail and prove that the receiver reads it. The token is made when the mail is sent, so no event and no table holds it. A mail that is
 * sent again has a new token, and both are valid until one link of the purpose is used.
 */
import type { Db } from '../../infra/database.js';
import { newOneTimeToken } from '../../infra/one-time-token.js';
import { insertLink, type LinkPurpose } from './stores/one-time-link.js';

/** How long links are valid (minutes). An invitation has its own end, which is never later than that of its link. */
const MINUTES: Readonly<Record<LinkPurpose, number>> = { PROVE: 24 * 60, RESET: 60, INVITE: 365 * 24 * 60 };

/** The page to which a link leads. The token follows a `#`, and browsers do not send that part, so no log of a server has it. */
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
