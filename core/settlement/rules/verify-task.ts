/** VERIFY: the verification of a closed date as a background task. Its subject is the date. */
import { taskKind } from '../../tasks/rules/background-task.js';

/** What a VERIFY is asked with. */
export interface VerifyParameters {
  readonly date: string;
}

export const VERIFY = taskKind<VerifyParameters>('VERIFY');
