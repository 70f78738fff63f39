/** What a check of `magam doctor` has found. */
import { asMagamError, errorText } from '../../infra/database-errors.js';
import { MagamError } from '../../kernel/errors.js';

export type State = 'ok' | 'warning' | 'fault';

export interface Finding {
  /** What was looked at; the same each time. */
  readonly check: string;
  readonly state: State;
  readonly found: string;
  /** What to do; null where nothing is to be done. */
  readonly action: string | null;
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found, action: null });
export const warning = (check: string, found: string, action: string): Finding => ({
  check,
  state: 'warning',
  found,
  action,
});
export const fault = (check: string, found: string, action: string): Finding => ({
  check,
  state: 'fault',
  found,
  action,
});

/** An error in words, with its code where it has one. */
export function failureText(error: unknown): string {
  const known = asMagamError(error);
  return known instanceof MagamError ? `${known.code}: ${known.message}` : errorText(error);
}

/** What a check finds, or that it could not look. */
export async function looked(check: string, look: () => Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    return [fault(check, failureText(error), 'See docs/errors.md for the code, or the message itself.')];
  }
}
