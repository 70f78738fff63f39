/** Verifications of the ledger, of the statements and of the payouts: rows that a runner carries out, and what they found. */
import * as z from 'zod';
import { BOOKS, VERIFY_BOOKS } from '../../core/ledger/rules/verify-books-task.js';
import { insertTask, listTasks, readTask, type TaskRecord } from '../../core/tasks/stores/background-task.js';
import type { Db } from '../../infra/database.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { nameOf } from '../../kernel/access.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { id } from '../edge/fields.js';
import { accepted, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { taskBody, taskFields } from '../edge/task-fields.js';
import { verificationParams } from './verification-fields.js';

const tag = 'Verifications';

const books = z.enum(BOOKS).meta({ description: 'Which books: `ledger`, `statements` or `payouts`.' });

const checkSchema = z
  .object({
    name: z.string().meta({ example: 'balances' }),
    ok: z.boolean(),
    difference: z
      .object({ place: z.string(), expected: z.string(), actual: z.string() })
      .nullable()
      .meta({ description: 'The first place that differs; null: there is none.' }),
  })
  .meta({ id: 'BooksCheck' });

const counted = z.number().int();

const resultSchema = z.object({
  ok: z.boolean(),
  checks: z.array(checkSchema),
  transactions: counted.optional(),
  postings: counted.optional(),
  statements: counted.optional(),
  payouts: counted.optional(),
  seconds: z.number(),
});

const readCount = (of: string) => counted.nullable().meta({ description: `${of} that were read.` });

const booksVerificationSchema = z
  .object({
    verificationId: id,
    books,
    ...taskFields,
    ok: z
      .boolean()
      .nullable()
      .meta({ description: 'Whether everything adds up; null until the verification has ended.' }),
    checks: z.array(checkSchema).nullable().meta({ description: 'Null until then.' }),
    transactions: readCount('Transactions of the ledger'),
    postings: readCount('Postings of the ledger'),
    statements: readCount('Statements'),
    payouts: readCount('Payouts'),
    seconds: z.number().nullable(),
  })
  .meta({ id: 'BooksVerification' });

function verificationBody(task: TaskRecord): z.input<typeof booksVerificationSchema> {
  const result = task.status === 'COMPLETED' ? resultSchema.parse(task.result) : undefined;
  return {
    verificationId: task.taskId,
    books: VERIFY_BOOKS.parametersOf(task).books,
    ...taskBody(task),
    ok: result?.ok ?? null,
    checks: result?.checks ?? null,
    transactions: result?.transactions ?? null,
    postings: result?.postings ?? null,
    statements: result?.statements ?? null,
    payouts: result?.payouts ?? null,
    seconds: result?.seconds ?? null,
  };
}

/** Throws VERIFICATION_NOT_FOUND. */
const requireTask = async (db: Db, verificationId: number): Promise<TaskRecord> =>
  found(await readTask(db, VERIFY_BOOKS, verificationId), 'VERIFICATION_NOT_FOUND', { verificationId });

export const requestBooksVerification = ({ redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/books-verifications',
    operationId: 'requestBooksVerification',
    tag,
    summary: 'Ask for the verification of the ledger, of the statements or of the payouts',
    description:
      'A runner adds the books up again, as `magam ledger verify`, `magam statements verify` and `magam payouts verify` do. Follow it at the address in Location. A difference raises the alarm `books-difference`, and the audit log records what was found. Each request makes a new verification.',
    permission: 'run.operate',
    body: z.strictObject({ books }).meta({ id: 'BooksVerificationRequest' }),
    example: { books: 'ledger' },
    answer: { status: 202, description: 'The verification was requested.', schema: booksVerificationSchema },
    idempotent: true,
    handle: ({ body, signedIn, audit, afterCommit, transact }) =>
      transact(async (tx) => {
        const asked = { kind: VERIFY_BOOKS, subject: body.books, parameters: body, requestedBy: nameOf(signedIn) };
        const task = await requireTask(tx, await insertTask(tx, asked));
        const after = { verificationId: task.taskId };
        await audit(tx, 'books.request-verification', ['books', body.books], { before: null, after });
        afterCommit(() => wakeRunnersOver(redis));
        return accepted(`/v1/books-verifications/${task.taskId}`, verificationBody(task));
      }),
  });

export const listBooksVerifications = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/books-verifications',
    operationId: 'listBooksVerifications',
    tag,
    summary: 'List verifications of the books, the newest first',
    permission: 'run.read',
    query: z.strictObject({
      books: books.optional().meta({ description: 'Only those of these books.' }),
      ...pageQuery,
    }),
    answer: { status: 200, description: 'A page of verifications.', schema: pageOf(booksVerificationSchema) },
    handle: ({ query: { books: of, ...asked } }) =>
      paged(asked, {
        name: `books-verifications ${of ?? ''}`,
        key: z.tuple([id]),
        read: (beforeId, limit) => listTasks(db, VERIFY_BOOKS, { subject: of, beforeId: beforeId?.[0], limit }),
        keyOf: ({ taskId }) => [taskId],
        itemOf: verificationBody,
      }),
  });

export const showBooksVerification = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/books-verifications/{verificationId}',
    operationId: 'readBooksVerification',
    tag,
    summary: 'Show a verification of the books with its checks',
    permission: 'run.read',
    params: verificationParams,
    answer: { status: 200, description: 'The verification.', schema: booksVerificationSchema },
    refusals: ['VERIFICATION_NOT_FOUND'],
    handle: async ({ params }) => ok(verificationBody(await requireTask(db, params.verificationId))),
  });
