/** Statements in JSON. */
import * as z from 'zod';
import { FIGURE_NAMES } from '../../core/settlement/rules/figures.js';
import type { LegTotals, Statement } from '../../core/statements/rules/statement.js';
import type { CertifiedSettlement, KeyedItem, StatementHead } from '../../core/statements/stores/statement.js';
import { amountMinor, businessDate, currency, eachMinor, id, idText, minorOf, moment } from '../edge/fields.js';

export const statementParams = z.strictObject({ statementId: idText.meta({ description: 'The statement.' }) });

const count = z.number().int().min(0);
const hash = z.string().meta({ description: 'SHA-256 of its content, hexadecimal.' });

const headFields = {
  sellerId: z.string(),
  currency,
  number: count.meta({ description: '1, 2, 3 … of the seller and currency.' }),
  state: z.enum(['draft', 'issued', 'paid']),
  periodFrom: businessDate,
  closesOn: businessDate,
  payoutOn: businessDate.meta({ description: 'From this date on it may be paid.' }),
  termsSeller: z.string().nullable().meta({ description: 'Whose terms; null: those of all sellers.' }),
  termsVersion: count,
  calendarVersion: count,
  openingMinor: amountMinor.meta({ description: 'The closing balance of the statement before.' }),
  earnedMinor: amountMinor.meta({ description: 'The amount that has to be paid for the statement.' }),
  closingMinor: amountMinor,
  hash,
  issuedAt: moment.nullable(),
  paidOn: businessDate.nullable(),
};

export const headSchema = z.object({ statementId: id, ...headFields }).meta({ id: 'StatementSummary' });

const legSchema = z.object({ entries: count, ...eachMinor(FIGURE_NAMES, () => amountMinor) });
const sumFields = {
  sales: legSchema,
  refunds: legSchema.meta({ description: 'Negative amounts.' }),
  sums: z.array(z.object({ kind: z.string(), transactions: count, amountMinor })).meta({
    description: 'What transactions of the ledger changed besides settlements.',
  }),
};

export const statementSchema = z.object({ statementId: id, ...headFields, ...sumFields }).meta({ id: 'Statement' });

export const draftSchema = z
  .object({
    ...headFields,
    ...sumFields,
    settlements: z.array(
      z.object({ settledOn: businessDate, generation: count, sales: count, refunds: count, netMinor: amountMinor }),
    ),
    transactions: z.array(z.object({ key: z.string(), kind: z.string(), amountMinor })),
  })
  .meta({ id: 'StatementDraft' });

export const settlementSchema = z
  .object({
    settledOn: businessDate,
    generation: count,
    sales: count,
    refunds: count,
    ...eachMinor(FIGURE_NAMES, () => amountMinor),
    certificate: z.string().nullable().meta({ description: 'The hash of the certificate of the date.' }),
  })
  .meta({ id: 'StatementSettlement' });

export const transactionSchema = z
  .object({
    transactionId: id,
    key: z.string(),
    kind: z.string(),
    effectiveOn: businessDate,
    reason: z.string(),
    amountMinor: amountMinor.meta({ description: 'Positive: it raises what the seller is owed.' }),
  })
  .meta({ id: 'StatementTransaction' });

export const lineSchema = z
  .object({
    settledOn: businessDate,
    generation: count,
    leg: z.enum(['sale', 'refund']),
    entryId: id,
    orderId: z.string(),
    lineId: z.string(),
    refundId: z.string().nullable(),
    netMinor: amountMinor,
    certificate: z.string().nullable().meta({ description: 'The hash of the certificate of the date.' }),
  })
  .meta({ id: 'StatementLine' });

type Head = Omit<Statement, 'statementId' | 'sales' | 'refunds' | 'sums'>;

const headOf = ({ openingMinor, earnedMinor, closingMinor, ...head }: Head) => ({
  ...head,
  openingMinor: minorOf(openingMinor),
  earnedMinor: minorOf(earnedMinor),
  closingMinor: minorOf(closingMinor),
});

const legOf = ({ entries, figures }: LegTotals) => ({
  entries,
  ...eachMinor(FIGURE_NAMES, (name) => minorOf(figures[name])),
});

const sumsOf = ({ sales, refunds, sums }: Pick<Statement, 'sales' | 'refunds' | 'sums'>) => ({
  sales: legOf(sales),
  refunds: legOf(refunds),
  sums: sums.map((sum) => ({ ...sum, amountMinor: minorOf(sum.amountMinor) })),
});

/** Who has issued it is not shown: sellers read it, too. */
export const headBody = ({ statementId, issuedBy: _, ...head }: StatementHead): z.input<typeof headSchema> => ({
  statementId,
  ...headOf(head),
});

export const statementBody = (statement: Statement & StatementHead): z.input<typeof statementSchema> => {
  const { statementId, issuedBy: _, sales, refunds, sums, ...head } = statement;
  return { statementId, ...headOf(head), ...sumsOf({ sales, refunds, sums }) };
};

export const draftFieldsOf = ({ statementId: _, sales, refunds, sums, ...head }: Statement) => ({
  ...headOf(head),
  ...sumsOf({ sales, refunds, sums }),
});

export const settlementBody = ({ figures, ...settlement }: CertifiedSettlement): z.input<typeof settlementSchema> => ({
  ...settlement,
  ...eachMinor(FIGURE_NAMES, (name) => minorOf(figures[name])),
});

export const transactionBody = (item: KeyedItem): z.input<typeof transactionSchema> => ({
  ...item,
  amountMinor: minorOf(item.amountMinor),
});
