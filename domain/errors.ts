/**
 * The one registry of error codes. A code is stable for ever: people search for it, programs branch on it.
 * `docs/errors.md` lists the same codes in the same words; a test keeps the two equal both ways.
 *
 * `http` is the status of the problem document when the code reaches the HTTP edge, `exit` the exit code of the
 * command line (1 failed or refused, 2 wrong usage or configuration, 4 verification, 5 held by somebody else, 130 stopped).
 */
export interface ErrorDefinition {
  readonly http: number;
  readonly exit: 1 | 2 | 4 | 5 | 130;
  /** One sentence: what happened and what to do. */
  readonly meaning: string;
}

const define = <T extends Record<string, ErrorDefinition>>(codes: T): T => codes;

export const errors = define({
  // Amounts, rates, ids, dates: what a person typed.
  AMOUNT_INVALID: { http: 422, exit: 1, meaning: 'An amount is not a plain decimal number with at most the decimals of its currency.' },
  AMOUNT_OUT_OF_RANGE: { http: 422, exit: 1, meaning: 'An amount or a computed figure is beyond 2^53 - 1 minor units.' },
  CURRENCY_UNKNOWN: { http: 422, exit: 1, meaning: 'A currency is not a code of ISO 4217 with minor units.' },
  RATE_INVALID: { http: 422, exit: 1, meaning: 'A rate is not a decimal string from 0 to 100 percent with at most 4 decimals.' },
});

export type ErrorCode = keyof typeof errors;

/** A failure with a code, for the edges: the command line and the HTTP server turn it into their own form. */
export class MagamError extends Error {
  override readonly name = 'MagamError';
  constructor(
    readonly code: ErrorCode,
    message: string = errors[code].meaning,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** An expected refusal: a value that carries its reason and data, not an exception. */
export interface Refusal {
  readonly refused: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
}

export const refuse = (refused: ErrorCode, details: Readonly<Record<string, unknown>> = {}): Refusal => ({
  refused,
  details,
});

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value;
}
