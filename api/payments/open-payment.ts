/** A buyer begins to pay a checkout. */
import * as z from 'zod';
import { readCheckoutBuyer } from '../../core/orders/stores/checkout.js';
import { type OpenedPayment, openPayment } from '../../core/payments/open-payment.js';
import type { Config } from '../../infra/config.js';
import { nameOf } from '../../kernel/access.js';
import { isRefusal } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { idText } from '../edge/fields.js';
import { invalidRequest } from '../edge/problem.js';
import { created } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { paymentSummaryBody, paymentSummarySchema } from './payment-fields.js';
import { returnAddress, returnAddressFault } from './return-address.js';

const address = returnAddress.optional();

const bodySchema = z
  .strictObject({
    provider: z
      .string()
      .regex(/^[A-Za-z]{1,16}$/, 'must be the name of a provider, at most 16 letters')
      .transform((name) => name.toUpperCase())
      .optional()
      .meta({ type: 'string', pattern: '^[A-Za-z]{1,16}$', example: 'TOSS' }),
    successUrl: address.meta({ description: 'Where the provider sends the buyer after the approval.' }),
    failUrl: address.meta({ description: 'Where the provider sends a buyer who has not approved.' }),
  })
  .refine(({ provider, successUrl }) => provider === undefined || successUrl !== undefined, {
    message: 'is required with provider',
    path: ['successUrl'],
  })
  .refine(({ provider, failUrl }) => provider === undefined || failUrl !== undefined, {
    message: 'is required with provider',
    path: ['failUrl'],
  })
  .meta({ id: 'NewPayment' });

const nextSchema = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('redirect'),
      url: z.string(),
      mobileUrl: z.string().optional().meta({ description: 'A page for phones, if the provider has one.' }),
    }),
    z.object({ kind: z.literal('widget'), values: z.record(z.string(), z.union([z.string(), z.number()])) }),
  ])
  .nullable()
  .meta({
    description:
      "Where the buyer approves: a page of the provider, or the provider's script, opened with these values. Null: there was nothing to pay, and the checkout is paid.",
  });

const openedSchema = z.object({ ...paymentSummarySchema.shape, next: nextSchema }).meta({ id: 'OpenedPayment' });

const openedBody = ({ payment, next }: OpenedPayment): z.input<typeof openedSchema> => ({
  ...paymentSummaryBody(payment),
  next,
});

/** Throws REQUEST_INVALID if the buyer would be sent to an address that the platform does not allow. */
function checkAddresses(config: Config, addresses: Readonly<Record<string, string>>): void {
  const faults = Object.entries(addresses).flatMap(([name, text]) => {
    const message = text === '' ? undefined : returnAddressFault(text, config);
    return message === undefined ? [] : [{ in: 'body' as const, pointer: `#/${name}`, message }];
  });
  if (faults.length > 0) throw invalidRequest(faults);
}

export const openPaymentRoute = ({ db, config, providers }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/checkouts/{checkoutId}/payments',
    operationId: 'createPayment',
    tag: 'Payments',
    summary: 'Begin to pay a checkout',
    description:
      'Stores a payment of the amount due and says where the buyer approves it. Nothing is charged before it is confirmed, unless the provider charges by itself. A checkout of ' +
      'zero needs no provider and is paid at once.',
    permission: 'payment.make',
    params: z.strictObject({ checkoutId: idText.meta({ description: 'The checkout.' }) }),
    body: bodySchema,
    example: { provider: 'TOSS', successUrl: 'https://shop.example/paid', failUrl: 'https://shop.example/failed' },
    answer: { status: 201, description: 'The payment.', schema: openedSchema },
    refusals: [
      'CHECKOUT_EXPIRED',
      'CHECKOUT_NOT_FOUND',
      'CHECKOUT_STATE_CONFLICT',
      'PAYMENT_DECLINED',
      'PAYMENT_IN_PROGRESS',
      'PAYMENT_LIMIT_REACHED',
      'PROVIDER_CURRENCY_UNSUPPORTED',
      'PROVIDER_NOT_CONFIGURED',
      'PROVIDER_UNAVAILABLE',
    ],
    idempotent: true,
    owner: async ({ params: { checkoutId } }) => ({
      accountId: found(await readCheckoutBuyer(db, checkoutId), 'CHECKOUT_NOT_FOUND', { checkoutId }),
    }),
    handle: (call) => {
      const { provider = '', successUrl = '', failUrl = '' } = call.body;
      checkAddresses(config, { successUrl, failUrl });
      const by = { cause: 'buyer' as const, requestedBy: nameOf(call.signedIn), requestId: call.requestId };
      return openPayment(
        providers,
        {
          step: call.step,
          last: (work) =>
            call.transact(async (tx) => {
              const opened = await work(tx);
              if (isRefusal(opened)) return opened;
              return created(`/v1/payments/${opened.payment.paymentId}`, openedBody(opened));
            }),
        },
        { checkoutId: call.params.checkoutId, provider, urls: { success: successUrl, fail: failUrl }, by },
      );
    },
  });
