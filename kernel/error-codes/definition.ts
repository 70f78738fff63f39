/** What the registry says of a code. */
export interface ErrorDefinition {
  /** Status of the problem document when the code reaches the HTTP edge. */
  readonly http: number;
  /** Exit code of the command line: 1 failed or refused, 2 wrong usage or configuration, 4 verification, 5 held by somebody else, 130 stopped. */
  readonly exit: 1 | 2 | 4 | 5 | 130;
  /** When to come back, in the `Retry-After` header of a 503; 1 unless it says otherwise. */
  readonly retryAfterSeconds?: number;
  /** One sentence: what happened. */
  readonly meaning: string;
  /** What the reader does about it, in one or two sentences, as docs/errors.md has it. Every failure that is printed ends with it. */
  readonly whatToDo: string;
  /** The same in Korean, for buyers and sellers: they read it where a refusal is shown to them. */
  readonly ko?: string;
}
