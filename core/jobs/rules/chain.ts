/**
 * The chain: the jobs that follow the settlement of a date, one after the other. A step is due for a date when the step before it is completed
 * for that date, and again when that one has completed another generation, such as a supplement.
 *
 * A new step is an entry here, its job in a folder of `batch/jobs`, and that job's entries in `batch/jobs/registry.ts` and `batch/jobs/threads.ts`.
 */

/** The job that the chain begins with. Its keys are business dates. */
export const CHAIN_HEAD = 'settle' as const;

/** A job that follows another one. Its keys are dates. */
export interface ChainStep {
  /** The name of the job. */
  readonly job: string;
  /** The name of the job that it follows. */
  readonly follows: string;
  /** Its key is so many days after the key of the job that it follows. */
  readonly daysLater: 0 | 1;
  /** It is due for a date only when it has been completed for all dates that were settled before. Otherwise dates are on their own: one that fails holds up no other. */
  readonly waitsForEarlier: boolean;
  /** Of a date, as the subject of a sentence: "The posting of 2026-04-01". */
  readonly title: (date: string) => string;
  /** The command that carries it out, or resumes it. */
  readonly command: (date: string) => string;
}

export const POST_STEP: ChainStep = {
  job: 'post',
  follows: CHAIN_HEAD,
  daysLater: 0,
  waitsForEarlier: false,
  title: (date) => `The posting of ${date}`,
  command: (date) => `magam ledger post --date ${date}`,
};

/** The statements of a seller follow one another, so a date waits for the ones before it. */
export const CLOSE_STEP: ChainStep = {
  job: 'close-statements',
  follows: POST_STEP.job,
  daysLater: 0,
  waitsForEarlier: true,
  title: (date) => `The closing of the statements of ${date}`,
  command: (date) => `magam statements close --date ${date}`,
};

/** What is due on the day after the date that was closed: the day on which people come to work and approve it. */
export const PROPOSE_STEP: ChainStep = {
  job: 'propose-payouts',
  follows: CLOSE_STEP.job,
  daysLater: 1,
  waitsForEarlier: false,
  title: (date) => `The proposal of the payouts of ${date}`,
  command: (date) => `magam payouts propose --date ${date}`,
};

/** The steps in their order. */
export const CHAIN: readonly ChainStep[] = [POST_STEP, CLOSE_STEP, PROPOSE_STEP];

/** The names of all jobs of the chain. */
export const CHAIN_JOBS: readonly string[] = [CHAIN_HEAD, ...CHAIN.map(({ job }) => job)];

/** The step that a job is; undefined for the settlement and for jobs that stand in no chain. */
export const stepOf = (job: string): ChainStep | undefined => CHAIN.find((step) => step.job === job);

/** By how many days the key of a step is later than the date that was settled. */
export function daysAfterSettled({ follows, daysLater }: ChainStep): number {
  const before = stepOf(follows);
  return daysLater + (before === undefined ? 0 : daysAfterSettled(before));
}
