/** The thread's side of a shared view: answers the questions of `shared-view.ts` until the port is closed. */
import { on } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import { inSnapshot } from '../../infra/database.js';
import type { AnyViewReader, OpenReader, Thread } from './job.js';
import type { ViewQuestion, WorkerError } from './protocol.js';

/** Thrown when the caller is gone. */
class Stopped extends Error {}

/** Says `ready`, then answers. An error ends the task and is what it returns. Sent as a message, it might arrive after the task's end. */
export async function serveView(
  reader: AnyViewReader,
  input: unknown,
  port: MessagePort,
  { db, board, slot }: Thread,
  toError: (error: unknown) => WorkerError,
): Promise<WorkerError | undefined> {
  const messages = on(port, 'message', { close: ['close'] });
  const next = async (): Promise<ViewQuestion | undefined> => (await messages.next()).value?.[0];
  const answer = (value: unknown): void => port.postMessage(value);
  const onEntries = (entries: number): void => {
    if (board.stopRequested()) throw new Stopped();
    board.addEntries(slot, entries);
  };
  try {
    answer('ready');
    for (let question = await next(); question?.kind === 'open'; ) {
      question = await inSnapshot(db, async (snapshot) => {
        answer(await reader.stateOf(snapshot, input));
        let opened: OpenReader<unknown, unknown, unknown> | undefined;
        for (;;) {
          const asked = await next();
          if (asked === undefined || asked.kind === 'open') return asked;
          opened ??= await reader.open(snapshot, input, onEntries);
          answer(asked.kind === 'sum' ? opened.sum() : await opened.read(asked.piece));
        }
      });
    }
    return undefined;
  } catch (error) {
    return error instanceof Stopped ? undefined : toError(error);
  } finally {
    port.close();
  }
}
