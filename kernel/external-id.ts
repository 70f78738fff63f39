/** The names that other systems give to things: what may stand in a key. */

const EXTERNAL_ID = /^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/;
const POLICY_CODE = /^[A-Za-z0-9._-]{1,64}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const CATEGORY_MAX = 64;

/** 1 to 64 printable ASCII characters without spaces around them (order, line, seller, product, refund). */
export function isExternalId(text: string): boolean {
  return EXTERNAL_ID.test(text);
}

/** At most 64 characters (code points) once trimmed, and writable as UTF-8; empty means none. Store it trimmed. */
export function isCategory(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.length > 2 * CATEGORY_MAX || LONE_SURROGATE.test(trimmed)) return false;
  return trimmed.length <= CATEGORY_MAX || [...trimmed].length <= CATEGORY_MAX;
}

/** 1 to 64 of `A-Z a-z 0-9 . _ -`. */
export function isPolicyCode(text: string): boolean {
  return POLICY_CODE.test(text);
}
