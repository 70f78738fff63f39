/** The task that makes the tax invoices of a month. */
import { taskKind } from '../../tasks/rules/background-task.js';

export interface MakingParameters {
  /** `YYYY-MM`. */
  readonly month: string;
}

export const TAX_INVOICES = taskKind<MakingParameters>('TAX_INVOICES');
