/** What a verification says: one check after the other, each with what was expected and what is there. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string | number;
  readonly actual: string | number;
  /** Where the first difference is, or what was looked at. */
  readonly detail?: string;
}

/** A check that two values are equal. */
export function equal(name: string, expected: string | number, actual: string | number, detail?: string): Check {
  return { name, ok: expected === actual, expected, actual, ...(detail === undefined ? {} : { detail }) };
}
