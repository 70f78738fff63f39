/** The checks of a verification, each with its expected and actual value. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string | number;
  readonly actual: string | number;
  /** The place of the first difference, or the scope of the check. */
  readonly detail?: string;
}

/** A check that two values are equal. */
export function equal(name: string, expected: string | number, actual: string | number, detail?: string): Check {
  return { name, ok: expected === actual, expected, actual, ...(detail === undefined ? {} : { detail }) };
}
