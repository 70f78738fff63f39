/** Follows a run as server-sent events. */
import type { Writable } from 'node:stream';
import type { RunProgress } from '../../core/jobs/run-meter.js';
import { findChainRunById } from '../../core/settlement/stores/settlement-run.js';
import { found } from '../../kernel/outcome.js';
import { pacedWriter } from '../edge/paced-writer.js';
import { type Route, route } from '../edge/route.js';
import type { RunsContext } from './context.js';
import { runParams, runProgressBody } from './run-fields.js';
import type { Following } from './run-watches.js';

/** Proxies cut a connection on which nothing is sent. */
const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 2_000;
/** A client that does not close at `end` reconnects only at long intervals. */
const RECONNECT_ENDED_MS = 60_000;

export const followRun = ({ db, watches }: RunsContext): Route =>
  route({
    method: 'get',
    path: '/v1/runs/{runId}/events',
    operationId: 'followRun',
    tag: 'Runs',
    summary: 'Follow a run as server-sent events',
    description:
      '`progress` carries a RunProgress, about once a second while the run changes. `end` carries the last one, when nobody works on the ' +
      'run and no request waits; then the stream ends, and the client closes it. Comments in between keep the connection alive. The id of an event is the version of ' +
      'the state: a client that reconnects with Last-Event-ID, at this or another server, gets what changed since.',
    permission: 'run.read',
    params: runParams,
    answer: { status: 200, description: 'The events.', contentType: 'text/event-stream' },
    refusals: ['RUN_NOT_FOUND', 'STREAMS_EXHAUSTED', 'STREAM_SHARE_USED'],
    handle: async ({ params: { runId }, request }) => {
      found(await findChainRunById(db, runId), 'RUN_NOT_FOUND', { runId });
      return {
        status: 200,
        kind: 'events',
        contentType: 'text/event-stream',
        headers: { 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' },
        endless: true,
        write: async (out, signal) => {
          const following = watches.follow(runId);
          try {
            await writeEvents(out, signal, following, request.get('last-event-id'));
          } finally {
            following.leave();
          }
        },
      };
    },
  });

async function writeEvents(
  out: Writable,
  signal: AbortSignal,
  following: Following,
  lastEventId: string | undefined,
): Promise<void> {
  let told = lastEventId;
  let writtenAt = performance.now();
  const write = pacedWriter(out, signal);
  const send = async (text: string): Promise<void> => {
    writtenAt = performance.now();
    await write(text).catch(() => undefined); // aborted: the loop ends
  };
  await send(`retry: ${RECONNECT_MS}\n\n`);
  while (!signal.aborted) {
    const progress = following.latest();
    if (progress?.final === true) {
      if (progress.version !== told) await send(eventOf('progress', progress));
      await send(`retry: ${RECONNECT_ENDED_MS}\n${eventOf('end', progress)}`);
      return;
    }
    if (progress !== undefined && progress.version !== told) {
      told = progress.version;
      await send(eventOf('progress', progress));
    } else if (performance.now() - writtenAt >= HEARTBEAT_MS) await send(': still here\n\n');
    await following.next(HEARTBEAT_MS, signal);
  }
}

const eventOf = (event: 'progress' | 'end', progress: RunProgress): string =>
  `event: ${event}\nid: ${progress.version}\ndata: ${JSON.stringify(runProgressBody(progress))}\n\n`;
