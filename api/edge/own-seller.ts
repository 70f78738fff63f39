/** The seller to whom a caller is limited. */
import type { Caller } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';

/** The seller of a caller who may only see what is its own (`call.own`); null for staff, who see all. Throws FORBIDDEN if there is none. */
export function ownSeller(own: Caller | null): string | null {
  if (own === null) return null;
  if (own.sellerId === null) throw new MagamError('FORBIDDEN');
  return own.sellerId;
}
