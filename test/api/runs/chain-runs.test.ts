/** Runs of a job that follows the settlement, over HTTP, with nobody there to carry them out. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { change, insertReturningId } from '../../../infra/database.js';
import { Operating } from '../../support/operating.js';

const DATE = '2026-03-02';
const METRICS_TOKEN = 'the-token-of-the-metrics';
let operating: Operating;
let postId: number;
beforeAll(async () => {
  operating = await Operating.create(undefined, { MAGAM_METRICS_TOKEN: METRICS_TOKEN });
  const put = (job: string, status: string) =>
    insertReturningId(
      operating.database.db,
      `INSERT INTO job_instance (job, job_key, status, created_at, updated_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [job, DATE, status],
    );
  await put('settle', 'COMPLETED');
  postId = await put('post', 'STOPPED');
  await put('what-if', 'STOPPED');
});
afterAll(() => operating.end());

const statuses = async (path: string) => {
  const { status, body } = await operating.call('GET', path);
  return [status, body.items?.map(({ job, state }: Record<string, string>) => `${job} ${state}`)];
};

it('are listed by their job; without one the settlements are', async () => {
  expect(await statuses('/v1/runs')).toEqual([200, ['settle settled']]);
  expect(await statuses('/v1/runs?job=post')).toEqual([200, ['post stopped']]);
  expect(await statuses('/v1/runs?job=what-if')).toEqual([400, undefined]);
});

it('are shown, resumed, stopped, and have neither certificates nor parked entries', async () => {
  const shown = await operating.call('GET', `/v1/runs/${postId}`);
  expect([shown.status, shown.body]).toMatchObject([200, { job: 'post', date: DATE, certificates: [], parked: 0 }]);
  const resumed = await operating.call('POST', `/v1/runs/${postId}/resume`);
  expect([resumed.status, resumed.body]).toMatchObject([202, { runId: postId, alreadyRequested: false }]);
  expect((await operating.call('POST', `/v1/runs/${postId}/stop`)).body).toMatchObject({ requested: 1 });
  expect((await operating.call('GET', `/v1/runs/${postId}/exceptions`)).status).toBe(404);
  await change(operating.database.db, `UPDATE job_instance SET status = 'COMPLETED' WHERE run_id = ?`, [postId]);
  expect(await statuses('/v1/runs?job=post')).toEqual([200, ['post done']]);
  expect((await operating.call('POST', `/v1/runs/${postId}/exceptions/retry`)).body.code).toBe('RUN_NOT_FOUND');
});

it('are counted by job and status', async () => {
  const { text } = await operating.api.call('GET', '/metrics', { token: METRICS_TOKEN });
  expect(text).toContain('magam_runs{job="post",status="COMPLETED"} 1');
});
