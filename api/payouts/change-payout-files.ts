/** Files of transfers for the bank: made of the approved payouts, marked as sent, given up. Each is in the audit log. */
import * as z from 'zod';
import {
  exportPayouts,
  FILE_ROWS_MAX,
  markFileSent,
  transferDate,
  voidFile,
} from '../../core/payouts/export-payouts.js';
import { fileNumber } from '../../core/payouts/rules/file-number.js';
import { type PayoutFile, readPayoutFile } from '../../core/payouts/stores/payout-file.js';
import type { Tx } from '../../infra/database.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { nameOf } from '../../kernel/access.js';
import { isRefusal, type Refusal } from '../../kernel/errors.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { businessDate, id, knownCurrency } from '../edge/fields.js';
import { withFewFaults } from '../edge/file-faults.js';
import { created, ok, type Reply } from '../edge/reply.js';
import { type Call, type Route, route } from '../edge/route.js';
import { tag } from './payout-fields.js';
import { fileAddress, fileBody, fileParams, fileSchema, fileVersion, layout } from './payout-file-fields.js';

const exportedSchema = z
  .object({
    file: fileSchema.nullable().meta({ description: 'Null: no payout in this currency is approved and due.' }),
    leftOut: z.array(z.object({ payoutId: id, changed: z.array(z.string()) })).meta({
      description:
        'Payouts that are not in the file, because their approvals are void now. They have to be approved again.',
    }),
  })
  .meta({ id: 'PayoutExported' });

export const exportPayoutsRoute = ({ db, config }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/payout-files',
    operationId: 'exportPayouts',
    tag,
    summary: 'Put the approved payouts of a currency into a file of transfers for the bank',
    description: `Those that are due on the day of the transfer, up to ${FILE_ROWS_MAX.toLocaleString('en')}. The file itself is at \`…/content\`. Before it goes to the bank, it has to be marked as sent.`,
    permission: 'payout-file.export',
    body: z
      .strictObject({
        layout,
        currency: knownCurrency.default('KRW'),
        transferOn: businessDate.optional().meta({ description: 'When the bank is to transfer; absent: today.' }),
      })
      .meta({ id: 'PayoutExport' }),
    example: { layout: 'csv', currency: 'KRW' },
    answer: {
      status: 201,
      description: 'The file.',
      schema: exportedSchema,
    },
    otherAnswer: { status: 200, description: 'There is nothing to export: `file` is null.', schema: exportedSchema },
    refusals: [
      'TRANSFER_DATE_OVER',
      'BANK_LAYOUT_UNKNOWN',
      'BANK_FILE_UNWRITABLE',
      'BANK_ACCOUNT_NOT_FOUND',
      'PAYOUT_FILE_NOT_FOUND',
      'AMOUNT_OUT_OF_RANGE',
    ],
    idempotent: true,
    handle: async ({ body, signedIn, transact, audit }) => {
      const { date: today } = await readPlatformTime(db, config.timeZone);
      const transferOn = decided(transferDate(body.transferOn, today));
      const asked = { ...body, transferOn, rowsMax: FILE_ROWS_MAX };
      const exportIn = async (tx: Tx): Promise<Reply<z.input<typeof exportedSchema>>> => {
        const { file, changed } = await exportPayouts(tx, nameOf(signedIn), config.encryptionKeys, asked);
        const leftOut = changed.map((one) => ({ ...one, changed: [...one.changed] }));
        if (file === null) return ok({ file, leftOut });
        const { fileId } = file;
        const shown = fileBody(file);
        await audit(tx, 'payout-file.export', ['payout-file', fileNumber(fileId)], { before: null, after: shown });
        return created(fileAddress(fileId), { file: shown, leftOut });
      };
      return transact(exportIn).catch((error: unknown) => {
        throw withFewFaults(error);
      });
    },
  });

/** Carries out a change of the version that the client saw. What a refusal has written (a file that is given up) stays, with its entry of the audit log. */
const changed = (
  { params: { file: fileId }, requireVersion, transact, audit }: FileCall,
  name: 'mark-sent' | 'void',
  work: (tx: Tx) => Promise<PayoutFile | Refusal>,
) =>
  transact(async (tx) => {
    const before = found(await readPayoutFile(tx, fileId), 'PAYOUT_FILE_NOT_FOUND', { file: fileNumber(fileId) });
    requireVersion(fileVersion(before));
    const outcome = await work(tx);
    const after = isRefusal(outcome) ? { refused: outcome.refused } : { status: outcome.status };
    await audit(tx, `payout-file.${name}`, ['payout-file', fileNumber(fileId)], {
      before: { status: before.status },
      after,
    });
    return isRefusal(outcome) ? outcome : ok(fileBody(outcome), fileVersion(outcome));
  });

type FileCall = Pick<
  Call<{ readonly file: number }, unknown, unknown>,
  'params' | 'requireVersion' | 'transact' | 'audit'
>;

const changing = {
  method: 'post',
  tag,
  permission: 'payout-file.export',
  params: fileParams,
  idempotent: true,
  versioned: true,
} as const;

export const markFileSentRoute = (): Route =>
  route({
    ...changing,
    path: '/v1/payout-files/{file}/mark-sent',
    operationId: 'markPayoutFileSent',
    summary: 'Say that a file of transfers goes to the bank now',
    description:
      'Every account is looked at once more, and its payouts are sent. Where the account of one has changed, the answer is PAYOUT_CHANGED and the file is given up: it must not go to the bank. Saying it again changes nothing.',
    answer: { status: 200, description: 'The file, sent now or before.', schema: fileSchema, etag: true },
    refusals: [
      'PAYOUT_FILE_NOT_FOUND',
      'PAYOUT_FILE_VOID',
      'PAYOUT_CHANGED',
      'LEDGER_ACCOUNT_CLOSED',
      'AMOUNT_OUT_OF_RANGE',
    ],
    handle: (call) =>
      changed(call, 'mark-sent', async (tx) => {
        const sent = await markFileSent(tx, nameOf(call.signedIn), call.params.file);
        return isRefusal(sent) ? sent : sent.file;
      }),
  });

export const voidFileRoute = (): Route =>
  route({
    ...changing,
    path: '/v1/payout-files/{file}/void',
    operationId: 'voidPayoutFile',
    summary: 'Give a file of transfers up that nobody has given to the bank',
    description: 'Its payouts stay approved, and the next export takes them.',
    answer: { status: 200, description: 'The file, given up.', schema: fileSchema, etag: true },
    refusals: ['PAYOUT_FILE_NOT_FOUND', 'PAYOUT_FILE_VOID', 'PAYOUT_FILE_SENT', 'AMOUNT_OUT_OF_RANGE'],
    handle: (call) => changed(call, 'void', (tx) => voidFile(tx, nameOf(call.signedIn), call.params.file)),
  });
