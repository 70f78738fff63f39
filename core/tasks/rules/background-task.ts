/**
 * Background tasks: long work that is asked for by a row and carried out by a runner. Nothing here knows a kind: a capability declares its kinds
 * beside its own rules, with `taskKind`. The table checks the same statuses.
 */

export const TASK_STATUSES = ['REQUESTED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** A file that tasks of a kind keep in the database. */
export interface KeptFile {
  /** As the table has it, at most 8 letters. */
  readonly purpose: string;
  /** Days that it is kept after its task has ended; 0: it goes with the end. */
  readonly keptDays: number;
}

/** A kind of tasks. `Parameters` is what one is asked with: JSON that only the capability itself writes. */
export interface TaskKind<Parameters extends object = object> {
  /** As the table has it, at most 16 letters. */
  readonly name: string;
  readonly files: readonly KeptFile[];
  /** What a task of this kind was asked with. */
  readonly parametersOf: (task: { readonly parameters: unknown }) => Parameters;
}

/** Declares a kind: `taskKind<VerifyParameters>('VERIFY')`. */
export const taskKind = <Parameters extends object>(
  name: string,
  files: readonly KeptFile[] = [],
): TaskKind<Parameters> => ({ name, files, parametersOf: ({ parameters }) => parameters as Parameters });
