/** API keys: how they look, who may hold how many. */
import { keyPermissions, type Permission, type Role } from '../../../kernel/access.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';

/** How every key begins: people, and programs that look for leaked secrets, know it by that. */
export const KEY_PREFIX = 'mgm_live_';

/** So much of a key is kept in the clear. */
const BEGINNING = KEY_PREFIX.length + 6;

export const beginningOf = (key: string): string => key.slice(0, BEGINNING);

/** Keys in force of one seller, or of one account of the staff. */
export const KEYS_MAX = 20;

/** The permissions of a new key, or API_KEY_PERMISSIONS_REFUSED with those that it cannot have. */
export function grantedPermissions(role: Role, wanted: readonly Permission[]): Permission[] | Refusal {
  const possible = keyPermissions(role);
  const refused = wanted.filter((permission) => !possible.includes(permission));
  if (refused.length > 0) return refuse('API_KEY_PERMISSIONS_REFUSED', { refused, possible });
  return [...new Set(wanted)];
}
