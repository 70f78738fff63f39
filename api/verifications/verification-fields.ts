/** Verifications as they are shown. */
import * as z from 'zod';
import { VERIFY } from '../../core/settlement/rules/verify-task.js';
import { readTask, type TaskRecord } from '../../core/tasks/stores/background-task.js';
import type { Db } from '../../infra/database.js';
import { found } from '../../kernel/outcome.js';
import { businessDate, id, idText } from '../edge/fields.js';
import { taskBody, taskFields } from '../edge/task-fields.js';

export const verificationParams = z.strictObject({ verificationId: idText.meta({ description: 'The verification.' }) });
export const verificationAddress = (verificationId: number): string => `/v1/verifications/${verificationId}`;

const scalar = z.union([z.string(), z.number()]);

const checkSchema = z
  .object({
    name: z.string().meta({ example: 'line-replay' }),
    ok: z.boolean(),
    expected: scalar,
    actual: scalar,
    detail: z.string().optional().meta({ description: 'Where the first difference is, or what was checked.' }),
  })
  .meta({ id: 'VerificationCheck' });

const resultSchema = z.object({
  ok: z.boolean(),
  lines: z.number().int().meta({ description: 'Lines that were read again and replayed.' }),
  generations: z.number().int(),
  seconds: z.number(),
  changes: z.array(z.string()).default([]), // results of earlier versions lack it
  checks: z.array(checkSchema),
});

export const verificationSummarySchema = z
  .object({
    verificationId: id,
    date: businessDate,
    ...taskFields,
    ok: z.boolean().nullable().meta({ description: 'Whether everything is as it was certified; null until then.' }),
  })
  .meta({ id: 'VerificationSummary' });

export const verificationSchema = verificationSummarySchema
  .extend({
    lines: z.number().int().nullable().meta({ description: 'Lines that were read again and replayed.' }),
    generations: z.number().int().nullable(),
    seconds: z.number().nullable(),
    changes: z
      .array(z.string())
      .nullable()
      .meta({
        description: 'What was changed, from what was certified to what there is now. Empty when everything holds.',
        example: ['order A-1 line 1, net 133,306 → 134,306 KRW'],
      }),
    checks: z
      .array(checkSchema)
      .nullable()
      .meta({ description: 'Null until the verification has ended; a check that fails names the first difference.' }),
  })
  .meta({ id: 'Verification' });

const resultOf = (task: TaskRecord): z.output<typeof resultSchema> | null =>
  task.status === 'COMPLETED' ? resultSchema.parse(task.result) : null;

export const verificationSummaryBody = (task: TaskRecord): z.input<typeof verificationSummarySchema> => ({
  verificationId: task.taskId,
  date: VERIFY.parametersOf(task).date,
  ...taskBody(task),
  ok: resultOf(task)?.ok ?? null,
});

export function verificationBody(task: TaskRecord): z.input<typeof verificationSchema> {
  const found = resultOf(task);
  return {
    ...verificationSummaryBody(task),
    lines: found?.lines ?? null,
    generations: found?.generations ?? null,
    seconds: found?.seconds ?? null,
    changes: found?.changes ?? null,
    checks: found?.checks ?? null,
  };
}

/** Throws VERIFICATION_NOT_FOUND. */
export async function requireVerification(db: Db, verificationId: number): Promise<TaskRecord> {
  return found(await readTask(db, VERIFY, verificationId), 'VERIFICATION_NOT_FOUND', { verificationId });
}
