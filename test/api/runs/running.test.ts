/** Runs that a real runner carries out: followed, stopped, resumed, stopped while they close. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../../scripts/chaos/magam.mjs';
import { startProxy } from '../../../scripts/chaos/tcp-proxy.mjs';
import { type EventStream, openEvents } from '../../support/events.js';
import { magamJson } from '../../support/magam.js';
import { Operating } from '../../support/operating.js';
import { runnersHere } from '../../support/runner-here.js';
import { YESTERDAY } from '../../support/today.js';

let operating: Operating;
const others = runnersHere();
const folder = mkdtempSync(join(tmpdir(), 'magam-running-'));
let gates = 0;
/** What an idle runner asks every second: for which jobs there is a request, or a run that it could join. */
const LOOKS_FOR_WORK = /UNION SELECT i\.job FROM job_instance i WHERE i\.status = 'RUNNING'/;
/** A fault that waits at the point until the file is written. */
const gateAt = (point: string): { fault: { MAGAM_FAULT: string }; open: () => void } => {
  gates += 1;
  const file = join(folder, `gate-${gates}`);
  return { fault: { MAGAM_FAULT: `${point}:${file}` }, open: () => writeFileSync(file, '') };
};

beforeEach(async () => {
  operating = await Operating.create();
  await operating.closeBefore(YESTERDAY);
  await operating.seed(YESTERDAY);
});
afterEach(async () => {
  await operating.end();
});
afterAll(() => rmSync(folder, { recursive: true }));

const follow = (runId: number, lastEventId?: string): Promise<EventStream> =>
  openEvents(operating.api.url, `/v1/runs/${runId}/events`, operating.token, lastEventId);

const verified = async (): Promise<boolean> => {
  const { code, document } = await magamJson<{ ok: boolean }>(operating.database.url, ['verify', '--date', YESTERDAY]);
  return code === 0 && document.ok;
};

describe('following a run', () => {
  it('tells every state from the request to the end, then ends', async () => {
    const { runId } = (await operating.request(YESTERDAY)).body;
    const events = await follow(runId);
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    expect(events.headers.get('cache-control')).toContain('no-transform');
    const first = await events.next();
    expect(first).toMatchObject({ event: 'progress', data: { runId, status: 'REQUESTED', done: 0, final: false } });
    others.start(operating.database.url, { MAGAM_CHUNK_SIZE: '100' });
    const all = [first, ...(await events.rest())];
    expect(all.at(-1)).toMatchObject({ event: 'end', data: { status: 'COMPLETED', final: true, remaining: 0 } });
    const done = all.map(({ data }) => data.done as number);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(all.at(-1)?.data.planned);
    for (const { id, data } of all) expect(id).toBe(data.version);
    const ids = all.slice(0, -1).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await verified()).toBe(true);
  });

  it('goes on after Last-Event-ID, with many followers and one that comes late', async () => {
    const gate = gateAt('chunk.before-commit:wait:3');
    const { runId } = (await operating.request(YESTERDAY)).body;
    const runner = operating.startRunner(gate.fault);
    const followers = await Promise.all(Array.from({ length: 5 }, () => follow(runId)));
    const running = await followers[0]?.find(({ data }) => data.done !== 0);
    expect(running?.data).toMatchObject({ status: 'RUNNING', partitions: { total: 4 } });
    followers[0]?.close();
    await runner.says(/FAULT chunk\.before-commit.*FAULT chunk\.before-commit/s); // both threads wait
    const { progress } = (await operating.call('GET', `/v1/runs/${runId}`)).body;
    expect(progress.entriesPerSecond.overall).toBeGreaterThan(0);
    expect(progress.entriesPerSecond.recent).not.toBeNull();
    expect(progress.remaining).toBe(progress.planned - progress.done);
    const back = await follow(runId, progress.version);
    gate.open();
    const heard = await back.rest();
    expect(heard.map(({ id }) => id)).not.toContain(progress.version);
    expect(heard.at(-1)).toMatchObject({ event: 'end', data: { status: 'COMPLETED' } });
    for (const follower of followers.slice(1)) {
      expect((await follower.rest()).at(-1)).toMatchObject({ event: 'end', data: { status: 'COMPLETED' } });
    }
    const late = await follow(runId);
    expect((await late.rest()).map(({ event }) => event)).toEqual(['progress', 'end']);
    const knowsAll = await follow(runId, heard.at(-1)?.id);
    expect((await knowsAll.rest()).map(({ event }) => event)).toEqual(['end']);
  });

  it('ends when the server stops, at once', async () => {
    const { runId } = (await operating.request(YESTERDAY)).body;
    const events = await follow(runId);
    await events.next();
    const stopped = operating.api.stop();
    expect((await events.rest()).map(({ event }) => event)).not.toContain('end');
    await stopped;
    Object.assign(operating.api, { stop: () => Promise.resolve() });
  });
});

describe('stopping', () => {
  it('after the chunk in hand; a resume settles the rest and nothing twice', async () => {
    const gate = gateAt('chunk.before-commit:wait:2');
    const { runId } = (await operating.request(YESTERDAY)).body;
    const runner = operating.startRunner(gate.fault);
    await runner.says('FAULT chunk.before-commit');
    const active = await operating.call('POST', `/v1/runs/${runId}/resume`);
    expect([active.status, active.body.code]).toEqual([409, 'RUN_ACTIVE']);
    const again = await operating.request(YESTERDAY);
    expect(again.body).toMatchObject({ runId, status: 'RUNNING', alreadyRequested: true, executionId: null });
    const stop = await operating.call('POST', `/v1/runs/${runId}/stop`);
    expect([stop.status, stop.body]).toMatchObject([202, { running: 1, requested: 0 }]);
    gate.open();
    const stopped = await operating.settled(runId);
    expect(stopped.status).toBe('STOPPED');
    expect(stopped.remaining).toBeGreaterThan(0);
    const gone = await operating.call('POST', `/v1/runs/${runId}/stop`);
    expect([gone.status, gone.body.code]).toEqual([409, 'RUN_NOT_ACTIVE']);

    const resumed = await operating.call('POST', `/v1/runs/${runId}/resume`);
    expect([resumed.status, resumed.body.alreadyRequested]).toEqual([202, false]);
    const done = await operating.settled(runId);
    expect(done).toMatchObject({ status: 'COMPLETED', remaining: 0 });
    expect(await operating.audited(runId)).toEqual(['run.request', 'run.stop', 'run.resume']);
    expect(await verified()).toBe(true);
    const settled = await operating.call('POST', `/v1/runs/${runId}/resume`);
    expect([settled.status, settled.body.code]).toEqual([409, 'RUN_COMPLETED']);
    const whole = await operating.request(YESTERDAY);
    expect([whole.status, whole.body]).toMatchObject([200, { runId, alreadyCompleted: true, executionId: null }]);
    const none = await operating.call('POST', `/v1/runs/${runId}/exceptions/retry`);
    expect([none.status, none.body.code]).toEqual([409, 'NOTHING_PARKED']);
  });

  it('keeps idle runners from joining a run that is being stopped', async () => {
    const gate = gateAt('chunk.before-commit:wait:2');
    const { runId } = (await operating.request(YESTERDAY)).body;
    const runner = operating.startRunner(gate.fault);
    await runner.says('FAULT chunk.before-commit');
    await operating.call('POST', `/v1/runs/${runId}/stop`);
    const looked = { statement: LOOKS_FOR_WORK, place: 'pass', nth: 2 } as const;
    const proxy = await startProxy(operating.database.url, [looked]);
    others.start(proxy.url);
    await until(() => proxy.cuts() === 1, 'the idle runner has looked');
    gate.open();
    expect(await operating.settled(runId)).toMatchObject({ status: 'STOPPED' });
    const { executions } = (await operating.call('GET', `/v1/runs/${runId}`)).body;
    expect(executions).toMatchObject([{ status: 'STOPPED', exitCode: 130 }]);
    await others.end();
    await proxy.close();
  });

  it('is not lost with the process that it was told to: nobody goes on until somebody resumes', async () => {
    const { runId } = (await operating.request(YESTERDAY)).body;
    const runner = operating.startRunner({ MAGAM_FAULT: 'chunk.before-commit:kill:3' });
    await runner.ended;
    const stop = await operating.call('POST', `/v1/runs/${runId}/stop`);
    expect([stop.status, stop.body]).toMatchObject([202, { running: 1, requested: 0 }]);
    others.start(operating.database.url, { MAGAM_CHUNK_SIZE: '100' });
    const stopped = await operating.settled(runId);
    expect(stopped).toMatchObject({ status: 'STOPPED', executions: [] });
    expect(stopped.remaining).toBeGreaterThan(0);
    const { executions } = (await operating.call('GET', `/v1/runs/${runId}`)).body;
    expect(executions).toMatchObject([{ status: 'ABANDONED', stopRequestedBy: expect.stringMatching(/^account/) }]);
    await operating.call('POST', `/v1/runs/${runId}/resume`);
    expect(await operating.settled(runId)).toMatchObject({ status: 'COMPLETED', remaining: 0 });
    expect(await verified()).toBe(true);
  });

  it('of a frozen process does not stop the run again when that wakes up after the resume', async () => {
    const { runId } = (await operating.request(YESTERDAY)).body;
    const held = gateAt('chunk.before-commit:wait:3');
    const frozen = operating.startRunner(held.fault);
    await frozen.says('FAULT chunk.before-commit');
    frozen.send('SIGSTOP');
    await operating.call('POST', `/v1/runs/${runId}/stop`);
    const gate = gateAt('chunk.before-commit:wait:1');
    const other = operating.startRunner(gate.fault);
    expect(await operating.settled(runId)).toMatchObject({ status: 'STOPPED' });
    await operating.call('POST', `/v1/runs/${runId}/resume`);
    await other.says('FAULT chunk.before-commit');
    held.open();
    frozen.send('SIGCONT');
    await frozen.says('"msg":"settled"');
    expect((await operating.call('GET', `/v1/runs/${runId}`)).body.status).toBe('RUNNING');
    gate.open();
    expect(await operating.settled(runId)).toMatchObject({ status: 'COMPLETED', remaining: 0 });
    expect(await verified()).toBe(true);
  });

  it('comes too late for a run that is closing: it completes', async () => {
    const gate = gateAt('run.before-finish-commit:wait:1');
    const { runId } = (await operating.request(YESTERDAY)).body;
    const runner = operating.startRunner(gate.fault);
    await runner.says('FAULT run.before-finish-commit');
    const stop = await operating.call('POST', `/v1/runs/${runId}/stop`);
    expect([stop.status, stop.body.running]).toEqual([202, 1]);
    const events = await follow(runId);
    expect(await events.next()).toMatchObject({
      data: { status: 'RUNNING', remaining: 0, partitions: { running: 0 } },
    });
    gate.open();
    expect((await events.rest()).at(-1)).toMatchObject({ event: 'end', data: { status: 'COMPLETED', remaining: 0 } });
    expect(await verified()).toBe(true);
    const { executions } = (await operating.call('GET', `/v1/runs/${runId}`)).body;
    expect(executions[0]).toMatchObject({ status: 'COMPLETED', exitCode: 0 });
    expect(executions[0].stopRequestedBy).toMatch(/^account \d+$/);
  });
});
