/** What a check of `magam doctor` has found. */
import { asMagamError, errorText } from '../../infra/database-errors.js';
import { MagamError } from '../../kernel/errors.js';

export type State = 'ok' | 'warning' | 'fault';

export interface Finding {
  /** What was checked; the same text each time. */
  readonly check: string;
  readonly state: State;
  readonly found: string;
  /** What to do; null if there is nothing to do. */
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

/** An error in words, with its code if it has one. */
export function failureText(error: unknown): string {
  const known = asMagamError(error);
  return known instanceof MagamError ? `${known.code}: ${known.message}` : errorText(error);
}

/** The finding of a check, or a finding that the check could not be carried out. */
export async function looked(check: string, look: () => Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    return [fault(check, failureText(error), 'See docs/errors.md for the code, or the message itself.')];
  }
}
