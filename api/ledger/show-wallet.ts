/** GET /v1/sellers/{sellerId}/wallet and GET /v1/me/wallet */
import * as z from 'zod';
import { readWallets } from '../../core/ledger/stores/wallet.js';
import type { ApiContext } from '../context.js';
import { externalId } from '../edge/fields.js';
import { ownSeller } from '../edge/own-seller.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { walletBody, walletSchema } from './ledger-fields.js';

export const showWallet = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers/{sellerId}/wallet',
    operationId: 'readWallet',
    tag: 'Ledger',
    summary: "Show a seller's wallet",
    description:
      'By currency: paid and not settled, payable, reserved, on its way, paid out. It follows a payment within seconds.',
    permission: 'wallet.read',
    params: z.strictObject({ sellerId: externalId.meta({ description: 'The seller.' }) }),
    answer: {
      status: 200,
      description: 'The wallet; it has no currencies if nothing was posted yet.',
      schema: walletSchema,
    },
    refusals: ['AMOUNT_OUT_OF_RANGE'],
    owner: ({ params }) => ({ sellerId: params.sellerId }),
    handle: async ({ params: { sellerId } }) => ok(walletBody(sellerId, await readWallets(db, sellerId))),
  });

export const showOwnWallet = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/me/wallet',
    operationId: 'readOwnWallet',
    tag: 'Ledger',
    summary: 'Show the own wallet',
    description: 'For sellers: the same as at `/v1/sellers/{sellerId}/wallet`.',
    permission: 'wallet.read-own',
    answer: { status: 200, description: 'The wallet.', schema: walletSchema },
    refusals: ['AMOUNT_OUT_OF_RANGE'],
    handle: async ({ signedIn }) => {
      const sellerId = ownSeller(signedIn) as string;
      return ok(walletBody(sellerId, await readWallets(db, sellerId)));
    },
  });
