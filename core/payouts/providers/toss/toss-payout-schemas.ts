/** Bodies of the payout API of Toss Payments, version 2: https://docs.tosspayments.com/guides/v2/payouts */
import * as z from 'zod';

const said = z.object({ code: z.string().min(1), message: z.string().catch('') });

/** An answer: the requested object, or an error. */
export const answerSchema = z.object({ entityBody: z.unknown().optional(), error: said.nullish() });
/** Errors from the common parts of all Toss APIs have no envelope. */
export const bareErrorSchema = said;

export const sellerSchema = z.object({
  id: z.string().min(1),
  refSellerId: z.string(),
  status: z.string(),
  account: z.object({ bankCode: z.string(), accountNumber: z.string(), holderName: z.string() }),
});
export type TossSeller = z.infer<typeof sellerSchema>;

export const payoutSchema = z.object({
  id: z.string().min(1).max(100),
  refPayoutId: z.string(),
  status: z.enum(['REQUESTED', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELED']),
  payoutDate: z.string(),
  amount: z.object({ currency: z.string(), value: z.number() }),
  error: said.nullish(),
});
export type TossPayout = z.infer<typeof payoutSchema>;

export const pageOf = <Item>(item: z.ZodType<Item>) =>
  z.object({ hasNext: z.boolean().catch(false), items: z.array(item) });
