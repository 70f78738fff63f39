/** The main-thread parts of the jobs that a runner carries out. A request for another job is left to a process that knows it. */
import type { Job } from '../engine/job.js';
import { closeStatementsJob } from './close-statements/close-job.js';
import { postJob } from './post/post-job.js';
import { proposePayoutsJob } from './propose-payouts/propose-job.js';
import { settleJob } from './settle/settle-job.js';

export const jobs: readonly Job[] = [settleJob, postJob, closeStatementsJob, proposePayoutsJob];
