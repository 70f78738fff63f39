/** POLICY_CHECK: what a draft of policies would have changed of a closed date, as a background task. Its subject is the draft. */
import { taskKind } from '../../tasks/rules/background-task.js';
import type { TrialDates } from './policy-trial.js';

/** What a POLICY_CHECK is asked with: the draft as it stood then. */
export interface PolicyCheckParameters {
  readonly draftId: number;
  readonly draftVersion: number;
  readonly date: string;
  /** The last date of a range that begins with `date`; absent: that date alone. */
  readonly to?: string;
  readonly dates: TrialDates;
  /** A policy file. */
  readonly definition: unknown;
}

export const POLICY_CHECK = taskKind<PolicyCheckParameters>('POLICY_CHECK');
