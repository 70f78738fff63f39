/** The closed unions of background tasks; the tables check the same. */
import type { TrialDates } from '../../settlement/rules/policy-trial.js';

export const TASK_KINDS = ['VERIFY', 'POLICY_CHECK', 'IMPORT'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

export const TASK_STATUSES = ['REQUESTED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** What a VERIFY is asked with. */
export interface VerifyParameters {
  readonly date: string;
}

/** What a POLICY_CHECK is asked with: the draft as it stood then. */
export interface PolicyCheckParameters {
  readonly draftId: number;
  readonly draftVersion: number;
  readonly date: string;
  readonly dates: TrialDates;
  /** A policy file. */
  readonly definition: unknown;
}

/** What an IMPORT is asked with. */
export interface ImportParameters {
  readonly kind: 'lines' | 'refunds';
  readonly fileId: string;
  /** As the uploader calls it. */
  readonly fileName: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly encoding: string;
  readonly timeZone: string;
  readonly platformTimeZone: string;
  /** JSON text, null without a mapping. */
  readonly mapping: string | null;
  readonly late: boolean;
  readonly skipRejects: boolean;
}
