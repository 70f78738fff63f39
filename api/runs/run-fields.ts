/** Schemas that the routes of runs share. */
import * as z from 'zod';
import { CHAIN_JOBS } from '../../core/jobs/rules/chain.js';
import type { RunProgress } from '../../core/jobs/run-meter.js';
import { settlementProgress } from '../../core/settlement/run-history.js';
import { RUN_STATES, runStateOf } from '../../core/settlement/state-words.js';
import type { RunSummary } from '../../core/settlement/stores/settlement-run.js';
import { businessDate, id, idText, moment } from '../edge/fields.js';

export const runParams = z.strictObject({ runId: idText.meta({ description: 'The run.' }) });

export const runStatus = z
  .enum(['REQUESTED', 'RUNNING', 'STOPPED', 'FAILED', 'COMPLETED', 'COMPLETED_WITH_EXCEPTIONS'])
  .meta({ description: 'REQUESTED waits for a runner. STOPPED and FAILED can be resumed.' });

const count = z.number().int().min(0);
export const generation = z.number().int().min(1).meta({
  description: 'The first settles the date; each later one is a supplement of entries that were parked before.',
});

export const job = z.enum(CHAIN_JOBS).meta({
  description: 'settle, or a job that follows it for the same date: post writes the settled date into the ledger.',
});

const runFields = {
  runId: id,
  job,
  date: businessDate.meta({ description: 'The date that the run is for.' }),
  status: runStatus,
  state: z.enum(RUN_STATES).meta({
    description:
      'The status in one word, as `magam runs` shows it. dead: RUNNING, and nobody who works on it shows signs of life. done: COMPLETED, of a job that follows the settlement.',
  }),
  generation,
  createdAt: moment,
  updatedAt: moment,
  completedAt: moment.nullable(),
  sales: count.meta({ description: 'Sales settled, over all generations.' }),
  refunds: count.meta({ description: 'Refunds settled, over all generations.' }),
  parked: count.meta({ description: 'Entries that are parked now.' }),
};

export const runSummarySchema = z.object(runFields).meta({ id: 'Run' });

export const runProgressSchema = z
  .object({
    runId: id,
    date: businessDate,
    status: runStatus,
    generation,
    version: z.string().meta({ description: 'Changes exactly when anything about the run changes.' }),
    planned: count.nullable().meta({ description: 'Entries of the plan; null while there is none.' }),
    done: count.meta({ description: 'Entries that are committed: settled or parked.' }),
    remaining: count.nullable(),
    sales: count.meta({ description: 'Sales that this generation settled.' }),
    refunds: count.meta({ description: 'Refunds that this generation settled.' }),
    exceptions: count.meta({ description: 'Entries that this generation parked.' }),
    partitions: z.object({ total: count, pending: count, running: count, done: count, failed: count }),
    executions: z
      .array(z.object({ executionId: id, status: z.enum(['REQUESTED', 'RUNNING']), stopRequested: z.boolean() }))
      .meta({ description: 'The executions that wait for a runner or are under way.' }),
    entriesPerSecond: z.object({
      recent: z.number().nullable().meta({
        description: 'Over the last ten seconds; null if this server has not watched the run for that long.',
      }),
      overall: z
        .number()
        .nullable()
        .meta({ description: 'Over all the time in which somebody worked on the generation.' }),
    }),
    secondsLeft: count.nullable(),
    estimatedEndAt: moment.nullable(),
    final: z.boolean().meta({ description: 'Nobody works on the run, and no request waits.' }),
  })
  .meta({ id: 'RunProgress' });

const planSchema = z.object({
  generation,
  gridSize: z.number().int(),
  policyRevision: z.number().int().nullable().meta({
    description: 'The policy book as it was when the plan was made; null for other jobs than settle.',
  }),
  sales: count,
  refunds: count,
  plannedBy: id.meta({ description: 'The execution.' }),
  plannedAt: moment,
});

const executionSchema = z.object({
  executionId: id,
  generation: generation.nullable(),
  status: z.enum(['REQUESTED', 'RUNNING', 'STOPPED', 'FAILED', 'ABANDONED', 'COMPLETED', 'COMPLETED_WITH_EXCEPTIONS']),
  dead: z
    .boolean()
    .meta({ description: 'Its status is RUNNING, but it has shown no sign of life for three of its leases.' }),
  requestedBy: z.string(),
  requestedAt: moment,
  host: z.string().nullable(),
  pid: z.number().int().nullable(),
  startedAt: moment.nullable(),
  heartbeatAt: moment.nullable(),
  endedAt: moment.nullable(),
  seconds: z.number().nullable(),
  parameters: z.object({ gridSize: z.number().int(), workers: z.number().int(), chunkRows: z.number().int() }),
  entries: count.meta({ description: 'Entries that it has committed so far, settled or parked.' }),
  linesWritten: count,
  exceptions: count,
  entriesPerSecond: z.number().nullable(),
  stopRequestedBy: z.string().nullable(),
  exitCode: z.number().int().nullable(),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
});

const legSchema = z.object({
  after: z.number().int(),
  through: z.number().int(),
  entries: count,
  lines: count.meta({ description: 'Settled so far.' }),
});

const partitionSchema = z.object({
  number: z.number().int(),
  generation,
  status: z.enum(['PENDING', 'RUNNING', 'DONE', 'FAILED']),
  sales: legSchema.meta({ description: 'Feed ids in (after, through].' }),
  refunds: legSchema,
  exceptions: count,
  chunks: count,
  claims: count,
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  updatedAt: moment,
});

export const certificateRecordSchema = z
  .object({ generation, hash: z.string(), signed: z.boolean(), certifiedAt: moment })
  .meta({ id: 'CertificateSummary' });

export const runDetailSchema = z
  .object({
    ...runFields,
    progress: runProgressSchema,
    plans: z.array(planSchema),
    executions: z.array(executionSchema).meta({ description: 'The last hundred, oldest first.' }),
    partitions: z.array(partitionSchema),
    certificates: z.array(certificateRecordSchema),
  })
  .meta({ id: 'RunDetail' });

export const runRequestedSchema = z
  .object({
    runId: id,
    date: businessDate,
    status: runStatus,
    generation,
    executionId: id.nullable().meta({ description: 'The execution that waits for a runner.' }),
    alreadyRequested: z.boolean().meta({
      description: 'An earlier request waits, or the run is being worked on: nothing was queued.',
    }),
    alreadyCompleted: z.boolean().meta({ description: 'The date is settled, and none of its entries is parked.' }),
    notices: z.array(z.string()),
  })
  .meta({ id: 'RunRequested' });

export const runAddress = (runId: number): string => `/v1/runs/${runId}`;

export const runProgressBody = (progress: RunProgress): z.input<typeof runProgressSchema> => ({
  ...settlementProgress(progress),
  executions: [...progress.executions],
});

export const runSummaryBody = (run: RunSummary): z.input<typeof runSummarySchema> => ({
  runId: run.runId,
  job: run.job,
  date: run.date,
  status: run.status,
  state: runStateOf(run.status, run.dead, run.job),
  generation: run.generation,
  createdAt: run.createdAt,
  updatedAt: run.updatedAt,
  completedAt: run.completedAt,
  sales: run.lines,
  refunds: run.refunds,
  parked: run.exceptions,
});
