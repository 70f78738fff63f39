/** Checks of drafts as they are shown. */
import * as z from 'zod';
import { DECIDED_FIGURES, type DecidedFigure, eachFigure } from '../../core/settlement/rules/figures.js';
import { POLICY_CHECK } from '../../core/settlement/rules/policy-check-task.js';
import { TRIAL_DATES } from '../../core/settlement/rules/policy-trial.js';
import { readTask, type TaskRecord } from '../../core/tasks/stores/background-task.js';
import type { Db } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { amountMinor, businessDate, eachMinor, id, idText } from '../edge/fields.js';
import { taskBody, taskFields } from '../edge/task-fields.js';

export const checkParams = z.strictObject({
  draftId: idText.meta({ description: 'The draft.' }),
  checkId: idText.meta({ description: 'The check of the draft.' }),
});
export const checkAddress = (draftId: number, checkId: number): string =>
  `/v1/policy-drafts/${draftId}/checks/${checkId}`;

export const trialDates = z.enum(TRIAL_DATES).meta({
  description:
    '`ALWAYS`: the drafted policies count as in force on every order date, in place of the stored ones of the same scope and currency (of ' +
    'several for one scope, the one that begins last). `AS_STATED`: the dates of the draft count, as if it had been applied.',
});

const figuresSchema = z
  .object({
    ...eachMinor(DECIDED_FIGURES, () => amountMinor),
    netMinor: amountMinor.meta({ description: 'What the seller is owed.' }),
  })
  .meta({ id: 'DecidedFigures', description: 'The figures that a policy decides; those of a refund are negative.' });

const feeVatPart = (description: string) =>
  amountMinor.nullable().meta({ description: `${description} Null in checks by an earlier version.` });

const sumsSchema = figuresSchema
  .extend({
    feeVatOnTopMinor: feeVatPart('Of the fee VAT, what the seller pays on top of the fees.'),
    feeVatContainedMinor: feeVatPart('Of the fee VAT, what is contained in the fees.'),
  })
  .meta({ id: 'DecidedSums', description: 'Sums of the figures that a policy decides; refunds are deducted.' });

const currencyTotalsSchema = z
  .object({
    currency: z.string(),
    sales: z.number().int(),
    refunds: z.number().int(),
    before: sumsSchema,
    after: sumsSchema,
    difference: sumsSchema,
  })
  .meta({ id: 'PolicyCheckTotals' });

const sellerDifferenceSchema = z
  .object({
    sellerId: z.string(),
    currency: z.string(),
    lines: z.number().int(),
    netDifferenceMinor: amountMinor.meta({ description: 'Positive: the seller would have been owed more.' }),
  })
  .meta({ id: 'PolicyCheckSeller' });

const count = (description: string) =>
  z
    .number()
    .int()
    .nullable()
    .meta({ description: `${description} Null until the check has ended.` });

export const policyCheckSummarySchema = z
  .object({
    checkId: id,
    draftId: id,
    draftVersion: z.number().int().meta({ description: 'The version of the draft that was checked.' }),
    date: businessDate,
    to: businessDate.meta({ description: 'The last date; `date` if only that was asked for.' }),
    dates: trialDates,
    ...taskFields,
    lines: count('Settled lines of the dates.'),
    touched: count('Lines that would have fallen under another policy.'),
    changed: count('Of those, the lines with another figure.'),
    refused: count('Of those, the lines that could not have been settled; no sum includes them.'),
  })
  .meta({ id: 'PolicyCheckSummary' });

const policyNameSchema = z.object({ code: z.string(), version: z.number().int() }).meta({ id: 'PolicyName' });

export const touchedLineSchema = z
  .object({
    leg: z.enum(['sale', 'refund']),
    orderId: z.string(),
    lineId: z.string(),
    refundId: z.string().nullable(),
    sellerId: z.string(),
    currency: z.string(),
    orderedOn: businessDate,
    settledOn: businessDate.nullable().meta({ description: 'Null in checks of one date by an earlier version.' }),
    before: z
      .object({ policy: policyNameSchema.nullable(), figures: figuresSchema })
      .meta({ description: 'As it was settled.' }),
    after: z
      .object({ policy: policyNameSchema.nullable(), figures: figuresSchema.nullable() })
      .meta({ description: 'As it would have been settled; figures are null where it would have been parked.' }),
    refusal: z.string().nullable().meta({ description: 'The code with which it would have been parked.' }),
  })
  .meta({ id: 'TouchedLine' });

export const policyCheckSchema = policyCheckSummarySchema
  .extend({
    unreadable: count('Lines that could not be checked, because the sale is no longer in the feed.'),
    linesKept: count('Touched lines that can be listed: the first 100,000.'),
    openDates: z
      .array(businessDate)
      .meta({ description: 'Dates of the range that have entries and were not settled; they are left out.' }),
    totals: z.array(currencyTotalsSchema).meta({ description: 'Over all touched lines, per currency.' }),
    sellers: z.array(sellerDifferenceSchema).meta({ description: 'The 20 of each currency whose net differs most.' }),
    movedLines: z
      .array(touchedLineSchema)
      .meta({ description: 'The 20 lines of each currency whose net differs most.' }),
  })
  .meta({ id: 'PolicyCheck' });

/** What the runner writes. */
const number = z.number();
const storedFiguresSchema = z.object(eachFigure(DECIDED_FIGURES, () => number));
const storedLineSchema = touchedLineSchema.extend({
  settledOn: z.string().nullable().default(null),
  before: z.object({ policy: policyNameSchema.nullable(), figures: storedFiguresSchema }),
  after: z.object({ policy: policyNameSchema.nullable(), figures: storedFiguresSchema.nullable() }),
});
const digits = z.string();
const storedSumsSchema = z.object({
  ...eachFigure(DECIDED_FIGURES, () => digits),
  feeVatOnTop: digits.nullable().default(null),
  feeVatContained: digits.nullable().default(null),
});
const storedResultSchema = z.object({
  lines: number,
  touched: number,
  changed: number,
  refused: number,
  unreadable: number.default(0),
  linesKept: number,
  openDates: z.array(digits).default([]),
  totals: z.array(
    z.object({
      currency: z.string(),
      sales: number,
      refunds: number,
      before: storedSumsSchema,
      after: storedSumsSchema,
      difference: storedSumsSchema,
    }),
  ),
  sellers: z.array(z.object({ sellerId: z.string(), currency: z.string(), lines: number, netDifference: digits })),
  movedLines: z.array(storedLineSchema).default([]),
});

/** A sum as a JSON number. Throws AMOUNT_OUT_OF_RANGE beyond 2^53 - 1. */
function exact(sum: string): number {
  const value = Number(sum);
  if (Number.isSafeInteger(value)) return value;
  throw new MagamError('AMOUNT_OUT_OF_RANGE', undefined, { value: sum });
}

const figuresBody = (source: Record<DecidedFigure, number | string>): z.input<typeof figuresSchema> =>
  eachMinor(DECIDED_FIGURES, (name) => exact(String(source[name])));

const sumsBody = (sums: z.output<typeof storedSumsSchema>): z.input<typeof sumsSchema> => ({
  ...figuresBody(sums),
  feeVatOnTopMinor: sums.feeVatOnTop === null ? null : exact(sums.feeVatOnTop),
  feeVatContainedMinor: sums.feeVatContained === null ? null : exact(sums.feeVatContained),
});

const resultOf = (task: TaskRecord): z.output<typeof storedResultSchema> | null =>
  task.status === 'COMPLETED' ? storedResultSchema.parse(task.result) : null;

export function policyCheckSummaryBody(task: TaskRecord): z.input<typeof policyCheckSummarySchema> {
  const { draftId, draftVersion, date, to = date, dates } = POLICY_CHECK.parametersOf(task);
  const found = resultOf(task);
  return {
    checkId: task.taskId,
    draftId,
    draftVersion,
    date,
    to,
    dates,
    ...taskBody(task),
    lines: found?.lines ?? null,
    touched: found?.touched ?? null,
    changed: found?.changed ?? null,
    refused: found?.refused ?? null,
  };
}

export function policyCheckBody(task: TaskRecord): z.input<typeof policyCheckSchema> {
  const found = resultOf(task);
  return {
    ...policyCheckSummaryBody(task),
    unreadable: found?.unreadable ?? null,
    linesKept: found?.linesKept ?? null,
    openDates: found?.openDates ?? [],
    totals: (found?.totals ?? []).map(({ before, after, difference, ...rest }) => ({
      ...rest,
      before: sumsBody(before),
      after: sumsBody(after),
      difference: sumsBody(difference),
    })),
    sellers: (found?.sellers ?? []).map(({ netDifference, ...rest }) => ({
      ...rest,
      netDifferenceMinor: exact(netDifference),
    })),
    movedLines: (found?.movedLines ?? []).map(storedLineBody),
  };
}

export const touchedLineBody = (content: object): z.input<typeof touchedLineSchema> =>
  storedLineBody(storedLineSchema.parse(content));

function storedLineBody({
  before,
  after,
  ...rest
}: z.output<typeof storedLineSchema>): z.input<typeof touchedLineSchema> {
  return {
    ...rest,
    before: { policy: before.policy, figures: figuresBody(before.figures) },
    after: { policy: after.policy, figures: after.figures === null ? null : figuresBody(after.figures) },
  };
}

/** The check, if it is one of this draft. Throws POLICY_CHECK_NOT_FOUND. */
export async function requireCheck(db: Db, draftId: number, checkId: number): Promise<TaskRecord> {
  const task = await readTask(db, POLICY_CHECK, checkId);
  if (task?.subject === String(draftId)) return task;
  throw new MagamError('POLICY_CHECK_NOT_FOUND', undefined, { draftId, checkId });
}
