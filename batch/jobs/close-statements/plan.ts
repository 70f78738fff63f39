/** What the plan freezes. */
export interface ClosePlan {
  readonly calendarVersion: number;
}
