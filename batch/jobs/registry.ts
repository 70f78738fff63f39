/** The jobs' sides on the main thread: what a runner carries out. A request for another job is left to a process that knows it. */
import type { Job } from '../engine/job.js';
import { closeStatementsJob } from './close-statements/close-job.js';
import { proposePayoutsJob } from './propose-payouts/propose-job.js';
import { settleJob } from './settle/settle-job.js';

export const jobs: readonly Job[] = [settleJob, closeStatementsJob, proposePayoutsJob];
