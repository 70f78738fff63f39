/** The states of a draft of fee policies; the table checks the same. */
export const DRAFT_STATUSES = ['DRAFT', 'APPLIED', 'DISCARDED'] as const;
export type DraftStatus = (typeof DRAFT_STATUSES)[number];
