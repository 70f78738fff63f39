/**
 * Payouts (지급대행) of Toss Payments, version 2, as https://docs.tosspayments.com/guides/v2/payouts describes them: balance, sellers, payouts. Bodies of POST are
 * encrypted both ways.
 */

import { type Request, type RequestHandler, Router, text } from 'express';
import { CompactEncrypt, compactDecrypt } from 'jose';
import * as z from 'zod';
import { SANDBOX_KEYS } from '../keys.js';
import type { PayoutBook, PayoutSeller, SandboxPayout } from '../payout-book.js';
import { type Answer, type ProviderCall, providerCall, type World } from '../provider-call.js';

const { secretKey, securityKey } = SANDBOX_KEYS.tossPayout;
const KEY = Buffer.from(securityKey, 'hex');
const AUTHORIZATION = `Basic ${Buffer.from(`${secretKey}:`).toString('base64')}`;
const PAGE_ITEMS_MAX = 100;

const errorOf = (status: number, code: string, message = code): Answer => ({
  status,
  body: { version: '2022-11-16', traceId: 'sandbox', entityType: null, entityBody: null, error: { code, message } },
});

const STATES: Readonly<Record<string, number>> = {
  UNAUTHORIZED_KEY: 401,
  IDEMPOTENT_REQUEST_PROCESSING: 409,
  FORBIDDEN_SELLER_PAYOUT: 403,
  NOT_FOUND_SELLER: 404,
  NOT_FOUND_PAYOUT: 404,
  INTERNAL_SERVER_ERROR: 500,
};

const refusal = (code: string): Answer => errorOf(Object.hasOwn(STATES, code) ? (STATES[code] ?? 400) : 400, code);

const entity = (entityType: string, entityBody: unknown): Answer => ({
  status: 200,
  body: { version: '2022-11-16', traceId: 'sandbox', entityType, entityBody, error: null },
});

/** Reads an encrypted body, and encrypts the answer. */
const encrypted: RequestHandler = async (req, res, next) => {
  res.json = (body: unknown) => {
    void new CompactEncrypt(Buffer.from(JSON.stringify(body)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(KEY)
      .then((jwe) => res.type('text').send(jwe));
    return res;
  };
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(typeof req.body === 'string' ? req.body : '', KEY);
    const complete = protectedHeader.iat !== undefined && protectedHeader.nonce !== undefined;
    req.body = complete ? JSON.parse(Buffer.from(plaintext).toString()) : undefined;
  } catch {
    req.body = undefined;
  }
  next();
};

const shared: Omit<ProviderCall, 'operation' | 'handle'> = {
  provider: 'TOSS_PAYOUT',
  unauthorised: (req) => (req.get('authorization') === AUTHORIZATION ? undefined : refusal('UNAUTHORIZED_KEY')),
  broken: (code = 'INTERNAL_SERVER_ERROR') => refusal(code),
};

const idempotency: NonNullable<ProviderCall['idempotency']> = {
  keyOf: (req) => req.get('idempotency-key'),
  inProgress: refusal('IDEMPOTENT_REQUEST_PROCESSING'),
};

const accountSchema = z.object({
  bankCode: z.string().regex(/^\d{3}$/),
  accountNumber: z.string().regex(/^\d{8,20}$/),
  holderName: z.string().min(1).max(100),
});
const sellerSchema = z.object({
  refSellerId: z.string().min(7).max(20),
  businessType: z.enum(['INDIVIDUAL', 'INDIVIDUAL_BUSINESS', 'CORPORATE']),
  account: accountSchema,
});
const payoutsSchema = z
  .array(
    z.object({
      refPayoutId: z.string().min(1).max(50),
      destination: z.string(),
      scheduleType: z.enum(['EXPRESS']),
      amount: z.object({ currency: z.literal('KRW'), value: z.number().int().positive() }),
      transactionDescription: z.string().min(1).max(7),
    }),
  )
  .length(1);

export function tossPayoutRoutes(world: World): Router {
  const { payouts: book } = world;
  const routes = Router();
  const inquiry = (handle: (req: Request) => Answer) =>
    providerCall(world, { ...shared, operation: 'inquire', handle: (req) => handle(req) });
  const body = [text({ type: 'text/plain', limit: '256kb' }), encrypted];
  routes.get(
    '/v2/balances',
    inquiry(() => entity('balance', { availableAmount: { currency: 'KRW', value: book.balance } })),
  );
  routes.post(
    '/v2/sellers',
    body,
    providerCall(world, { ...shared, operation: 'open', idempotency, handle: register(book) }),
  );
  routes.get(
    '/v2/sellers',
    inquiry((req) => entity('seller-list', pageOf(book.sellers(), req))),
  );
  routes.get(
    '/v2/sellers/:id',
    inquiry((req) => {
      const seller = book.seller(String(req.params.id));
      return seller === undefined ? refusal('NOT_FOUND_SELLER') : entity('seller', seller);
    }),
  );
  routes.post(
    '/v2/payouts',
    body,
    noted(book),
    providerCall(world, { ...shared, operation: 'send', idempotency, handle: send(book) }),
  );
  routes.get(
    '/v2/payouts',
    inquiry((req) => entity('payout-list', pageOf(book.payouts().map(lookedUp), req))),
  );
  routes.get(
    '/v2/payouts/:id',
    inquiry((req) => {
      const payout = book.payout(String(req.params.id));
      return payout === undefined ? refusal('NOT_FOUND_PAYOUT') : entity('payout', lookedUp(payout));
    }),
  );
  return routes;
}

/** Every request for a payout is in the book, even a failed one. */
const noted =
  (book: PayoutBook): RequestHandler =>
  (req, _res, next) => {
    const asked = payoutsSchema.safeParse(req.body);
    if (asked.success) for (const { refPayoutId } of asked.data) book.note(refPayoutId);
    next();
  };

const register =
  (book: PayoutBook): ProviderCall['handle'] =>
  (req) => {
    const asked = sellerSchema.safeParse(req.body);
    if (!asked.success) return refusal('INVALID_REQUEST');
    if (book.sellers().some(({ refSellerId }) => refSellerId === asked.data.refSellerId))
      return refusal('DUPLICATED_REF_SELLER_ID');
    return entity('seller', book.register({ ...asked.data, status: 'APPROVED' }));
  };

const send =
  (book: PayoutBook): ProviderCall['handle'] =>
  (req, { declineWith }) => {
    const asked = payoutsSchema.safeParse(req.body);
    const [payout] = asked.data ?? [];
    if (payout === undefined) return refusal('INVALID_REQUEST');
    if (book.byReference(payout.refPayoutId) !== undefined) return refusal('DUPLICATED_REF_PAYOUT_ID');
    const seller = book.seller(payout.destination);
    if (seller === undefined) return refusal('NOT_FOUND_SELLER');
    if (!mayBePaid(seller)) return refusal('FORBIDDEN_SELLER_PAYOUT');
    if (declineWith !== undefined) return refusal(declineWith.code ?? 'INVALID_ACCOUNT');
    if (payout.amount.value > book.balance) return refusal('INSUFFICIENT_BALANCE');
    return entity('payout-list', { items: [{ ...book.send(payout) }] });
  };

const mayBePaid = ({ status }: PayoutSeller): boolean => status === 'APPROVED' || status === 'PARTIALLY_APPROVED';

/** A payout that is not held back is completed at the next look-up. */
function lookedUp(payout: SandboxPayout): SandboxPayout {
  if (payout.status === 'REQUESTED') payout.status = payout.held ? 'IN_PROGRESS' : 'COMPLETED';
  return payout;
}

function pageOf<Item extends { readonly id: string }>(
  items: readonly Item[],
  { query }: Request,
): { readonly hasNext: boolean; readonly items: readonly Item[] } {
  const after = items.findIndex(({ id }) => id === query.startingAfter) + 1;
  const limit = Math.min(Number(query.limit) || PAGE_ITEMS_MAX, PAGE_ITEMS_MAX);
  return { hasNext: items.length > after + limit, items: items.slice(after, after + limit) };
}
