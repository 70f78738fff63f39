/** Files of transfers for the bank, and imports of the bank's answers, as they look in JSON. Account numbers stand in the file itself alone. */
import * as z from 'zod';
import { BANK_LAYOUTS } from '../../core/payouts/rules/bank-files/registry.js';
import { fileNumber, readFileNumber } from '../../core/payouts/rules/file-number.js';
import { FILE_TRANSFER_STATUSES } from '../../core/payouts/rules/file-transfer-state.js';
import { PAYOUT_RESULT } from '../../core/payouts/rules/result-task.js';
import { transferReference } from '../../core/payouts/rules/transfer-reference.js';
import { type FileTransfer, PAYOUT_FILE_STATUSES, type PayoutFile } from '../../core/payouts/stores/payout-file.js';
import { readTask, type TaskRecord } from '../../core/tasks/stores/background-task.js';
import type { Db } from '../../infra/database.js';
import { found } from '../../kernel/outcome.js';
import { amountMinor, businessDate, currency, id, idText, minorOf, moment } from '../edge/fields.js';
import { taskBody, taskFields } from '../edge/task-fields.js';

export const fileParams = z.strictObject({
  file: z
    .string()
    .refine((text) => readFileNumber(text) !== undefined, 'must be the number of a file, such as F12')
    .transform((text) => readFileNumber(text) ?? 0)
    .meta({ description: 'The number of the file.', example: 'F12' }),
});
export const fileAddress = (fileId: number): string => `/v1/payout-files/${fileNumber(fileId)}`;

/** A layout that a caller names. */
export const layout = z
  .enum(BANK_LAYOUTS.map(({ name }) => name) as [string, ...string[]])
  .meta({ description: 'Layout of the file (docs/bank-files.md).', example: 'csv' });

export const fileSchema = z
  .object({
    file: z.string().meta({ description: 'Its number, which the bank repeats in its answer.', example: 'F12' }),
    layout: z.string(),
    currency,
    transferOn: businessDate.meta({ description: 'When the bank is to transfer.' }),
    status: z.enum(PAYOUT_FILE_STATUSES).meta({
      description:
        '`MADE`: nobody has said that it goes to the bank. `SENT`: it does, or it went. `VOID`: it was given up.',
    }),
    transfers: z.number().int().min(1),
    totalMinor: amountMinor,
    contentHash: z.string().meta({ description: 'SHA-256 of its bytes, hexadecimal.' }),
    version: z.number().int().min(1),
    madeBy: z.string(),
    madeAt: moment,
    endedBy: z.string().nullable().meta({ description: 'Who marked it as sent, or gave it up; null: nobody yet.' }),
    endedAt: moment.nullable(),
  })
  .meta({ id: 'PayoutFile' });

/** A file changes once: it is marked as sent, or given up. */
export const fileVersion = ({ status }: Pick<PayoutFile, 'status'>): number => (status === 'MADE' ? 1 : 2);

export const fileBody = ({
  fileId,
  totalMinor,
  sentBy: endedBy,
  sentAt: endedAt,
  ...file
}: PayoutFile): z.input<typeof fileSchema> => ({
  file: fileNumber(fileId),
  ...file,
  totalMinor: minorOf(totalMinor),
  version: fileVersion(file),
  ...{ endedBy, endedAt },
});

export const transferSchema = z
  .object({
    sequence: z.number().int().min(1),
    reference: z.string().meta({ description: 'As the bank knows it: payout and attempt.', example: 'P12-1' }),
    payoutId: id,
    attempt: z.number().int().min(1),
    sellerId: z.string(),
    currency,
    amountMinor,
    bankAccountId: id,
    remark: z.string().meta({ description: 'What the seller reads on its bank statement.' }),
    status: z.enum(FILE_TRANSFER_STATUSES),
    paidOn: businessDate.nullable(),
    failure: z.string().nullable().meta({ description: 'Why it failed or came back (docs/bank-files.md).' }),
  })
  .meta({ id: 'FileTransfer' });

export const transferBody = ({ fileId: _, ...transfer }: FileTransfer): z.input<typeof transferSchema> => ({
  ...transfer,
  reference: transferReference(transfer.payoutId, transfer.attempt),
  amountMinor: minorOf(transfer.amountMinor),
});

export const resultParams = z.strictObject({
  resultId: idText.meta({ description: 'The import of a result file.' }),
});
export const resultAddress = (resultId: number): string => `/v1/payout-results/${resultId}`;

const count = z.number().int().min(0);
const outcomeSchema = z.object({
  file: z.string().meta({ description: 'The number of the file of transfers.', example: 'F12' }),
  paid: count,
  failed: count,
  returned: count,
  unchanged: count.meta({ description: 'Results that were known before.' }),
  open: count.meta({ description: 'Transfers of the file without a result.' }),
});

export const resultSchema = z
  .object({
    resultId: id,
    layout: z.string(),
    fileName: z.string(),
    bytes: z.number().int(),
    sha256: z.string(),
    ...taskFields,
    result: outcomeSchema.nullable().meta({ description: 'What it did; null unless it is COMPLETED.' }),
  })
  .meta({ id: 'PayoutResult' });

export function resultBody(task: TaskRecord): z.input<typeof resultSchema> {
  const { layout: name, fileName, bytes, sha256 } = PAYOUT_RESULT.parametersOf(task);
  return {
    resultId: task.taskId,
    ...{ layout: name, fileName, bytes, sha256 },
    ...taskBody(task),
    result: task.status === 'COMPLETED' ? outcomeSchema.parse(task.result) : null,
  };
}

/** Throws PAYOUT_RESULT_NOT_FOUND. */
export const requireResult = async (db: Db, resultId: number): Promise<TaskRecord> =>
  found(await readTask(db, PAYOUT_RESULT, resultId), 'PAYOUT_RESULT_NOT_FOUND', { resultId });
