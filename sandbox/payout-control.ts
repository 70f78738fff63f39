/** The control calls of the payout service for tests and people: its book, its sellers, and the outcome of a payout. */
import { type Response, Router } from 'express';
import * as z from 'zod';
import type { PayoutBook } from './payout-book.js';

const payeeSchema = z.strictObject({
  refSellerId: z.string().min(7).max(20),
  bankCode: z.string().regex(/^\d{3}$/),
  accountNumber: z.string().regex(/^\d{8,20}$/),
  holderName: z.string().min(1).max(100),
  status: z.enum(['APPROVAL_REQUIRED', 'PARTIALLY_APPROVED', 'KYC_REQUIRED', 'APPROVED']).default('APPROVED'),
});
const balanceSchema = z.strictObject({ value: z.number().int().min(0) });
const failSchema = z.strictObject({ code: z.string().min(1).max(64).optional() });

export function payoutControlRoutes(book: PayoutBook): Router {
  const routes = Router();
  routes.get('/sandbox/payouts', (_req, res) => void res.json({ ...book.read(), payouts: book.payouts() }));
  routes.post('/sandbox/payouts/sellers', (req, res) => {
    const asked = payeeSchema.safeParse(req.body);
    if (!asked.success) return refuse(res, asked.error);
    const { refSellerId, status, ...account } = asked.data;
    res.status(201).json(book.register({ refSellerId, status, businessType: 'CORPORATE', account }));
  });
  routes.put('/sandbox/payouts/balance', (req, res) => {
    const asked = balanceSchema.safeParse(req.body);
    if (!asked.success) return refuse(res, asked.error);
    book.balance = asked.data.value;
    res.json(asked.data);
  });
  routes.post('/sandbox/payouts/:reference/:decision', (req, res) => {
    const payout = book.byReference(String(req.params.reference));
    const { decision } = req.params;
    if (payout === undefined || !['hold', 'complete', 'fail', 'cancel'].includes(decision))
      return void res.status(404).json({ code: 'NOT_FOUND', message: 'There is no such payout, or no such decision.' });
    const asked = failSchema.safeParse(req.body ?? {});
    if (!asked.success) return refuse(res, asked.error);
    const { code = payout.status === 'COMPLETED' ? 'RETURNED' : 'CLOSED_ACCOUNT' } = asked.data;
    const over = payout.status === 'FAILED' || payout.status === 'CANCELED';
    if (over || (decision !== 'fail' && payout.status === 'COMPLETED'))
      return void res.status(409).json({ code: 'DECIDED', message: `The payout is ${payout.status}.` });
    if (decision === 'hold') payout.held = true;
    else if (decision === 'complete') payout.status = 'COMPLETED';
    else book.fail(payout, { code, message: code });
    if (decision === 'cancel') payout.status = 'CANCELED';
    res.json(payout);
  });
  return routes;
}

const refuse = (res: Response, error: z.ZodError): void =>
  void res.status(400).json({ code: 'INVALID_REQUEST', message: z.prettifyError(error) });
