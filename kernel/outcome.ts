/** Unwraps outcomes: a success gives its value, a refusal throws the error of its code. */
import { type ErrorCode, isRefusal, MagamError, type Refusal } from './errors.js';

/** The row that was found. Throws the code if there is none. */
export function found<T>(row: T | undefined, code: ErrorCode, details?: Readonly<Record<string, unknown>>): T {
  if (row === undefined) throw new MagamError(code, undefined, details);
  return row;
}

/** What a rule decided or a store wrote. Throws the code of the refusal, for example when a key is already taken. */
export function decided<T>(outcome: T | Refusal): T {
  if (isRefusal(outcome)) throw new MagamError(outcome.refused, undefined, outcome.details);
  return outcome as T;
}
