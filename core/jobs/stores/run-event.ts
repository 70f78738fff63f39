/** The events of runs: one for each change of a run's status, in the transaction that changes it. */
import { select, type Tx } from '../../../infra/database.js';
import { type NewFeedEvent, recordFeedEvents } from '../../event-feed/stores/feed-event.js';

/** The job whose runs have events; its keys are dates. A what-if concerns only the operator who asked for it. */
const TOLD_JOB = 'settle';

export interface RunFailure {
  readonly code: string;
  readonly message: string;
}

/** Records that the run has this status from now on. The caller's transaction has changed its row, so the events of one run are in order. */
export async function tellRun(tx: Tx, runId: number, status: string, failure?: RunFailure): Promise<void> {
  const [run] = await select<{ date: string; generation: number }>(
    tx,
    'SELECT job_key AS date, generation FROM job_instance WHERE run_id = ? AND job = ?',
    [runId, TOLD_JOB],
  );
  if (run !== undefined) await recordFeedEvents(tx, eventsOf({ runId, ...run }, status, failure));
}

function eventsOf(
  run: { readonly runId: number; readonly date: string; readonly generation: number },
  status: string,
  failure: RunFailure | undefined,
): NewFeedEvent[] {
  switch (status) {
    case 'RUNNING':
      return [{ type: 'run.begun', data: run }];
    case 'STOPPED':
      return [{ type: 'run.stopped', data: run }];
    case 'FAILED': {
      const { code = 'INTERNAL', message = '' } = failure ?? {};
      return [{ type: 'run.failed', data: { ...run, code, message: message.slice(0, 1_000) } }];
    }
    case 'COMPLETED':
    case 'COMPLETED_WITH_EXCEPTIONS':
      return [{ type: 'run.completed', data: { ...run, status } }];
    default: // it was only asked for
      return [];
  }
}
