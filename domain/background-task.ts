/** The closed unions of background tasks and of policy drafts; the tables check the same. */
export const TASK_KINDS = ['VERIFY', 'POLICY_CHECK', 'IMPORT'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

export const TASK_STATUSES = ['REQUESTED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** Nothing more happens to a task in one of the other states. */
export const hasEnded = (status: TaskStatus): boolean => status !== 'REQUESTED' && status !== 'RUNNING';

export const DRAFT_STATUSES = ['DRAFT', 'APPLIED', 'DISCARDED'] as const;
export type DraftStatus = (typeof DRAFT_STATUSES)[number];
