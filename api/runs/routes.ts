/** The routes of runs and certificates. */
import { RunMeter } from '../../core/jobs/run-meter.js';
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import type { RunsContext } from './context.js';
import { followRun } from './follow-run.js';
import { listCertificates } from './list-certificates.js';
import { listExceptions } from './list-exceptions.js';
import { listRunsRoute } from './list-runs.js';
import { readCertificateBody, readCertificateRoute } from './read-certificate.js';
import { requestRunRoute } from './request-run.js';
import { requestClose, requestPostings, requestProposals } from './request-step.js';
import { resumeRun } from './resume-run.js';
import { retryExceptions } from './retry-exceptions.js';
import { RunWatches } from './run-watches.js';
import { showRun } from './show-run.js';
import { stopRun } from './stop-run.js';

export function runRoutes(api: ApiContext): Route[] {
  const meter = new RunMeter(api.db);
  const watches = new RunWatches((runId) => meter.measure(runId));
  const context: RunsContext = { ...api, meter, watches };
  return [
    requestRunRoute(context),
    requestPostings(context),
    requestClose(context),
    requestProposals(context),
    listRunsRoute(context),
    showRun(context),
    followRun(context),
    stopRun(),
    resumeRun(context),
    listExceptions(context),
    retryExceptions(context),
    listCertificates(context),
    readCertificateRoute(context),
    readCertificateBody(context),
  ];
}
