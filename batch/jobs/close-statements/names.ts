/** What both sides of the job know. */

export const CLOSE_STATEMENTS = 'close-statements';

/** What the plan freezes. */
export interface ClosePlan {
  readonly calendarVersion: number;
}
