/** VERIFY: `magam verify` as a task. */
import { VERIFY } from '../../core/settlement/rules/verify-task.js';
import { faultPoint } from '../../infra/faults.js';
import { verifyDate } from '../jobs/verify/verify-date.js';
import { orInterrupted, type TaskRunner } from './task.js';

export const verifyTask: TaskRunner = {
  kind: VERIFY,
  releasedAtOnce: true,
  async run({ db, task, signal, progress }) {
    const { date } = VERIFY.parametersOf(task);
    const started = performance.now();
    await faultPoint('verify.started');
    const verification = await verifyDate(db, date, (done, total) => {
      orInterrupted(signal);
      progress({ stage: null, done, total });
    });
    await faultPoint('verify.before-finish');
    const seconds = Math.round(performance.now() - started) / 1_000;
    return { status: 'COMPLETED', result: { ...verification, seconds } };
  },
};
