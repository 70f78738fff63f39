/** Posting settled dates to the ledger over HTTP: asked for by rows, carried out by a runner. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { change } from '../../../infra/database.js';
import { makeAccount } from '../../support/accounts.js';
import { Operating } from '../../support/operating.js';
import { runnersHere } from '../../support/runner-here.js';
import { createSettledDate, DAY, NEXT_DAY } from '../../support/settled-date.js';
import { leadElsewhere } from '../../support/tasks.js';

const runners = runnersHere();
let scene: Operating;
beforeAll(async () => {
  scene = await Operating.create((await createSettledDate()).database);
  await leadElsewhere(scene.database.db); // no schedule posts
});
afterAll(() => scene.end());

const ask = (body: object, headers: Record<string, string> = {}) =>
  scene.call('POST', '/v1/ledger/postings', body, headers);
const posted = () => scene.count('SELECT COUNT(*) FROM posted_generation');

it('the dates of a range are posted by a runner, each by a run of its own; afterwards there is nothing to ask for', async () => {
  const range = { from: DAY, to: NEXT_DAY };
  const asked = await ask(range, { 'Idempotency-Key': 'range' });
  expect(asked).toMatchObject({
    status: 202,
    body: { runs: [{ date: DAY, status: 'REQUESTED', alreadyRequested: false }, { date: NEXT_DAY }] },
  });
  expect(asked.headers.get('location')).toBe(`/v1/runs?job=post&from=${DAY}&to=${NEXT_DAY}`);
  expect((await ask(range, { 'Idempotency-Key': 'range' })).body).toEqual(asked.body);
  const [first, second] = asked.body.runs;
  const again = await ask({ date: DAY });
  expect(again.body.runs).toMatchObject([
    { runId: first.runId, executionId: first.executionId, alreadyRequested: true },
  ]);
  expect(again.headers.get('location')).toBe(`/v1/runs/${first.runId}`);
  expect(await posted()).toBe(0);
  runners.start(scene.database.url);
  for (const { runId } of [first, second])
    expect(await scene.settled(runId)).toMatchObject({ status: 'COMPLETED', planned: 0 });
  expect(await posted()).toBe(3); // the first date has a supplement
  expect(await ask(range)).toMatchObject({ status: 200, body: { runs: [] } });
  expect((await scene.call('GET', '/v1/runs?job=post')).body.items).toMatchObject([
    { date: NEXT_DAY, state: 'done' },
    { date: DAY, state: 'done' },
  ]);
  expect(await scene.audited(first.runId)).toEqual(['ledger.post']);
});

it('a run that was stopped is asked for again', async () => {
  await change(scene.database.db, `UPDATE job_instance SET status = 'STOPPED' WHERE job = 'post' AND job_key = ?`, [
    DAY,
  ]);
  const { body } = await ask({ date: DAY });
  expect(body.runs).toMatchObject([{ date: DAY, status: 'STOPPED', alreadyRequested: false }]);
  runners.start(scene.database.url);
  expect(await scene.settled(body.runs[0].runId)).toMatchObject({ status: 'COMPLETED' });
});

it.each([
  [{}, 400, 'REQUEST_INVALID'],
  [{ date: DAY, from: DAY }, 400, 'REQUEST_INVALID'],
  [{ date: DAY, to: DAY }, 400, 'REQUEST_INVALID'],
  [{ from: NEXT_DAY, to: DAY }, 400, 'REQUEST_INVALID'],
  [{ from: '2025-03-31', to: DAY }, 400, 'REQUEST_INVALID'],
  [{ from: DAY, to: '2026-04-03' }, 409, 'DATE_NOT_SETTLED'],
])('%j is refused', async (body, status, code) => {
  expect(await ask(body)).toMatchObject({ status, body: { code } });
});

it('is for staff', async () => {
  const { token } = await makeAccount(scene.database.db, 'seller', { sellerId: 'seller-000001' });
  const answer = await scene.api.call('POST', '/v1/ledger/postings', { token, body: { date: DAY } });
  expect(answer.status).toBe(403);
});
