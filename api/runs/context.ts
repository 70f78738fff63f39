/** What the routes of runs take: the meter of their progress, and those who follow them. */
import type { RunMeter } from '../../core/jobs/run-meter.js';
import type { ApiContext } from '../context.js';
import type { RunWatches } from './run-watches.js';

export interface RunsContext extends ApiContext {
  readonly meter: RunMeter;
  readonly watches: RunWatches;
}
