/** Imports of uploaded files as they are shown. The id is that of the upload's task, so there is one address to follow throughout. */
import * as z from 'zod';
import type { Understood } from '../../core/feed/import/understood.js';
import { IMPORT } from '../../core/feed/rules/import-task.js';
import type { ImportRecord } from '../../core/feed/stores/feed-import.js';
import { readTask, type TaskRecord } from '../../core/tasks/stores/background-task.js';
import type { Db } from '../../infra/database.js';
import { found } from '../../kernel/outcome.js';
import { amountMinor, businessDate, id, idText } from '../edge/fields.js';
import { taskBody, taskFields } from '../edge/task-fields.js';

export const importParams = z.strictObject({ importId: idText.meta({ description: 'The import.' }) });
export const importAddress = (importId: number): string => `/v1/imports/${importId}`;

/** A sum beyond 2^53 - 1, as its digits. */
const sumMinor = z.union([amountMinor, z.string()]);

const understoodSchema = z
  .object({
    timeZone: z.string().meta({ description: 'The zone in which time stamps without an offset were read.' }),
    platformTimeZone: z.string().meta({ description: 'The zone whose days they became.' }),
    rows: z.number().int().meta({ description: 'Rows whose fields can be read.' }),
    firstDate: businessDate.nullable(),
    lastDate: businessDate.nullable(),
    sellers: z.number().int().meta({ description: 'The number of sellers that they name.' }),
    sums: z.array(
      z.object({
        currency: z.string(),
        rows: z.number().int(),
        itemAmountMinor: sumMinor,
        shippingFeeMinor: sumMinor,
        sellerDiscountMinor: sumMinor,
        platformDiscountMinor: sumMinor,
      }),
    ),
    withoutPolicy: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'Order lines that no fee policy covered at the time; null for refunds.' }),
  })
  .meta({ id: 'ImportUnderstood' });

const resultSchema = z
  .object({
    rows: z.number().int(),
    imported: z.number().int().meta({ description: 'Rows that are new in the feed.' }),
    unchanged: z.number().int().meta({ description: 'Rows that the feed had already with the same content.' }),
    rejected: z.number().int().meta({ description: 'Rows that were left out: see rejects.' }),
    notices: z.array(z.string()),
    lateOn: businessDate.nullable().meta({ description: 'The date on which late entries are settled.' }),
    understood: understoodSchema.nullable().meta({ description: 'Null in imports of earlier versions.' }),
  })
  .meta({ id: 'ImportResult' });

export const importSummarySchema = z
  .object({
    importId: id,
    kind: z.enum(['lines', 'refunds']),
    fileName: z.string(),
    bytes: z.number().int(),
    sha256: z.string(),
    encoding: z.string(),
    timeZone: z.string(),
    mapping: z.record(z.string(), z.string()).nullable(),
    late: z.boolean(),
    skipRejects: z.boolean(),
    dryRun: z.boolean().meta({ description: 'The file was only checked.' }),
    ...taskFields,
    stage: z
      .enum(['CHECKING', 'IMPORTING'])
      .nullable()
      .meta({ description: 'The pass over the file that `progress` counts rows of: the first one writes nothing.' }),
    abandonRequested: z.boolean().meta({ description: 'Somebody has asked to abandon it.' }),
    result: resultSchema.nullable().meta({ description: 'Null unless it is COMPLETED.' }),
    rejects: z.string().nullable().meta({ description: 'The address of the rejects file; null while there is none.' }),
  })
  .meta({ id: 'ImportSummary' });

export const importSchema = importSummarySchema
  .extend({
    feedImportId: id.nullable().meta({ description: 'The number of the import in `magam imports`.' }),
    unfinished: z.boolean().meta({
      description:
        'Part of the file may be in the feed, and its dates cannot be closed. When it has FAILED: upload the same file again, which goes on, or ' +
        'abandon it.',
    }),
  })
  .meta({ id: 'Import' });

/** What the runner writes. */
const storedResultSchema = resultSchema.extend({
  importId: z.number().nullable(),
  understood: z.custom<Understood>().optional(),
  rejectsFileId: z.string(),
});
const storedFailureSchema = z.object({ rejectsFileId: z.string() });

const resultOf = (task: TaskRecord): z.output<typeof storedResultSchema> | null =>
  task.status === 'COMPLETED' ? storedResultSchema.parse(task.result) : null;

/** The rejects file of an import that has one. */
export const rejectsFileOf = ({ result: written }: TaskRecord): string | undefined =>
  storedFailureSchema.safeParse(written).data?.rejectsFileId;

export function importSummaryBody(task: TaskRecord): z.input<typeof importSummarySchema> {
  const { mapping, dryRun = false, ...asked } = IMPORT.parametersOf(task);
  const { kind, fileName, bytes, sha256, encoding, timeZone, late, skipRejects } = asked;
  const found = resultOf(task);
  return {
    importId: task.taskId,
    kind,
    fileName,
    bytes,
    sha256,
    encoding,
    timeZone,
    mapping: mapping === null ? null : (JSON.parse(mapping) as Record<string, string>),
    late,
    skipRejects,
    dryRun,
    ...taskBody(task),
    stage: task.stage === 'CHECKING' || task.stage === 'IMPORTING' ? task.stage : null,
    abandonRequested: task.cancelRequestedBy !== null,
    result:
      found === null
        ? null
        : {
            rows: found.rows,
            imported: found.imported,
            unchanged: found.unchanged,
            rejected: found.rejected,
            notices: found.notices,
            lateOn: found.lateOn,
            understood: found.understood === undefined ? null : understoodBody(found.understood),
          },
    rejects: rejectsFileOf(task) === undefined ? null : `${importAddress(task.taskId)}/rejects`,
  };
}

const understoodBody = ({ sums, ...understood }: Understood): z.input<typeof understoodSchema> => ({
  ...understood,
  sums: sums.map(({ currency, rows, itemAmount, shippingFee, sellerDiscount, platformDiscount }) => ({
    currency,
    rows,
    itemAmountMinor: itemAmount,
    shippingFeeMinor: shippingFee,
    sellerDiscountMinor: sellerDiscount,
    platformDiscountMinor: platformDiscount,
  })),
});

/** The number of a completed import in the feed; null while there is none. */
export const feedImportIdOf = (task: TaskRecord): number | null => resultOf(task)?.importId ?? null;

/** The import with its record in the feed, while that is unfinished. */
export const importBody = (task: TaskRecord, unfinished: ImportRecord | undefined): z.input<typeof importSchema> => ({
  ...importSummaryBody(task),
  feedImportId: unfinished?.importId ?? feedImportIdOf(task),
  unfinished: unfinished !== undefined,
});

/** Throws IMPORT_NOT_FOUND. */
export async function requireImport(db: Db, importId: number): Promise<TaskRecord> {
  return found(await readTask(db, IMPORT, importId), 'IMPORT_NOT_FOUND', { importId });
}
