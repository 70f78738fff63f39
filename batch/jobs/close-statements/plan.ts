/** The data that the plan freezes. */
export interface ClosePlan {
  readonly calendarVersion: number;
}
