/** VERIFY: `magam verify` as a task. */
import { VERIFY } from '../../core/settlement/rules/verify-task.js';
import { faultPoint } from '../../infra/faults.js';
import { tellVerification } from '../jobs/verify/tell-verification.js';
import { verifyDate } from '../jobs/verify/verify-date.js';
import type { TaskRunner } from './task.js';

export const verifyTask: TaskRunner = {
  kind: VERIFY,
  releasedAtOnce: true,
  async run({ db, config, pools, task, signal, progress }) {
    const { date } = VERIFY.parametersOf(task);
    const started = performance.now();
    await faultPoint('verify.started');
    const onProgress = (done: number, total?: number): void => progress({ stage: null, done, total: total ?? null });
    const verification = await verifyDate({ db, config, pools, signal, onProgress }, date);
    await tellVerification(db, verification);
    await faultPoint('verify.before-finish');
    const seconds = Math.round(performance.now() - started) / 1_000;
    return { status: 'COMPLETED', result: { ...verification, seconds } };
  },
};
