/** The dependencies of the routes of runs: the meter of their progress, and their followers. */
import type { RunMeter } from '../../core/jobs/run-meter.js';
import type { ApiContext } from '../context.js';
import type { RunWatches } from './run-watches.js';

export interface RunsContext extends ApiContext {
  readonly meter: RunMeter;
  readonly watches: RunWatches;
}
