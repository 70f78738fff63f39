/** The fields that all tasks of runners have in common. */
import * as z from 'zod';
import { TASK_STATUSES } from '../../core/tasks/rules/background-task.js';
import type { TaskRecord } from '../../core/tasks/stores/background-task.js';
import { moment } from './fields.js';

const taskStatus = z.enum(TASK_STATUSES).meta({
  description:
    '`REQUESTED`: waits for a runner, also after one has died or was stopped. `RUNNING`: a runner works on it. `COMPLETED`, `FAILED` (see ' +
    '`error`), `CANCELLED`: over.',
});

const progressSchema = z
  .object({
    done: z.number().int(),
    total: z.number().int().nullable().meta({ description: 'Null as long as it is not known.' }),
  })
  .meta({ id: 'TaskProgress', description: 'The runner records it several times within the length of a lease.' });

const failureSchema = z
  .object({
    code: z.string().meta({ description: 'A code of the error registry.', example: 'IMPORT_REJECTED' }),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'TaskFailure' });

export const taskFields = {
  status: taskStatus,
  progress: progressSchema,
  error: failureSchema.nullable().meta({ description: 'Why it failed.' }),
  requestedBy: z.string(),
  requestedAt: moment,
  startedAt: moment.nullable().meta({ description: 'When a runner first took it.' }),
  endedAt: moment.nullable(),
};

const taskSchema = z.object(taskFields);

export const taskBody = (task: TaskRecord): z.input<typeof taskSchema> => ({
  status: task.status,
  progress: { done: task.done, total: task.total },
  error: task.error === null ? null : { ...task.error, details: { ...task.error.details } },
  requestedBy: task.requestedBy,
  requestedAt: task.requestedAt,
  startedAt: task.startedAt,
  endedAt: task.endedAt,
});
