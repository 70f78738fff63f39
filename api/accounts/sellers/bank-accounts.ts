/** The accounts that a seller is paid to: GET, POST and DELETE /v1/sellers/{sellerId}/bank-accounts, and the approval by a second person. */
import * as z from 'zod';
import {
  type Acting,
  approveProposal,
  fingerprintOf,
  proposeBankAccount,
  withdrawProposal,
} from '../../../core/accounts/bank-account-changes.js';
import { payableBankAccount } from '../../../core/accounts/payable-bank-account.js';
import {
  BANK_ACCOUNT_STATUSES,
  type BankAccountRecord,
  listBankAccounts,
} from '../../../core/accounts/stores/seller-bank-account.js';
import { isRefusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import type { ApiContext } from '../../context.js';
import { paged, pageOf, pageQuery } from '../../edge/cursor.js';
import { id, idText, moment } from '../../edge/fields.js';
import { created, ok } from '../../edge/reply.js';
import { type Call, type Route, route } from '../../edge/route.js';
import { sellerFields, sellerParams } from './seller-fields.js';

const recordSchema = z
  .object({
    bankAccountId: id,
    status: z.enum(BANK_ACCOUNT_STATUSES),
    bankCode: z.string().meta({ example: '088' }),
    accountNumberMasked: z.string().meta({ example: '****6789' }),
    accountHolder: z.string(),
    fingerprint: z.string().nullable().meta({
      description:
        'Distinguishes accounts with the same last digits; the approval names it. Null if the account was encrypted under a key that is no longer known.',
    }),
    payable: z.boolean().meta({ description: 'Payouts may go to it at this moment.' }),
    payoutFrom: moment
      .nullable()
      .meta({ description: 'The moment from which payouts may go to it; null if it was never approved.' }),
    proposedBy: id.nullable(),
    proposedAt: moment,
    decidedBy: id.nullable().meta({ description: 'The account that approved, withdrew or replaced it.' }),
    decidedAt: moment.nullable(),
  })
  .meta({ id: 'SellerBankAccount' });

const bodyOf = (
  keys: Acting['keys'],
  record: BankAccountRecord,
  payableId: number | null,
): z.input<typeof recordSchema> => ({
  bankAccountId: record.bankAccountId,
  status: record.status,
  bankCode: record.bankCode,
  accountNumberMasked: record.masked,
  accountHolder: record.accountHolder,
  fingerprint: fingerprintOf(keys, record),
  payable: record.bankAccountId === payableId,
  payoutFrom: record.payoutFrom,
  proposedBy: record.proposedBy,
  proposedAt: record.proposedAt,
  decidedBy: record.decidedBy,
  decidedAt: record.decidedAt,
});

async function payableIdOf(db: Parameters<typeof payableBankAccount>[0], sellerId: string): Promise<number | null> {
  const payable = await payableBankAccount(db, sellerId);
  return isRefusal(payable) ? null : payable.bankAccountId;
}

const actingIn = ({ config }: ApiContext, call: Pick<Call<0, 0, 0>, 'signedIn' | 'requestId'>): Acting => ({
  caller: call.signedIn,
  requestId: call.requestId,
  keys: config.encryptionKeys,
});

const path = '/v1/sellers/{sellerId}/bank-accounts';
const recordParams = z.strictObject({
  ...sellerParams.shape,
  bankAccountId: idText.meta({ description: 'The bank account.' }),
});
/** It does not check whether the seller exists, so a seller does not learn who else sells here. */
const owner = ({ params }: { readonly params: { readonly sellerId: string } }) => ({ sellerId: params.sellerId });

export const listOfSeller = ({ config, db }: ApiContext): Route =>
  route({
    method: 'get',
    path,
    operationId: 'listBankAccounts',
    tag: 'Sellers',
    summary: 'List the bank accounts of a seller, present, former and proposed',
    description: 'Newest first.',
    permission: 'seller.read',
    params: sellerParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of bank accounts, masked.', schema: pageOf(recordSchema) },
    owner,
    handle: async ({ params: { sellerId }, query }) => {
      const payableId = await payableIdOf(db, sellerId);
      return paged(query, {
        name: 'bank-accounts',
        key: z.tuple([id]),
        read: (before, limit) => listBankAccounts(db, sellerId, before?.[0], limit),
        keyOf: ({ bankAccountId }) => [bankAccountId],
        itemOf: (record) => bodyOf(config.encryptionKeys, record, payableId),
      });
    },
  });

export const propose = (context: ApiContext): Route =>
  route({
    method: 'post',
    path,
    operationId: 'proposeBankAccount',
    tag: 'Sellers',
    summary: 'Propose another bank account',
    description:
      'Somebody else of the staff has to approve it. The seller is paid to the present one until then. An open proposal is replaced. The accounts of the seller are informed by mail.',
    permission: 'bank-account.propose',
    idempotent: true,
    params: sellerParams,
    body: sellerFields.bankAccount,
    example: { bankCode: '088', accountNumber: '110-123-456789', accountHolder: '한빛서점' },
    answer: { status: 201, description: 'The proposal.', schema: recordSchema },
    refusals: ['SELLER_NOT_FOUND', 'BANK_ACCOUNT_PROPOSED', 'BANK_ACCOUNT_NOT_FOUND'],
    owner,
    handle: async (call) => {
      const acting = actingIn(context, call);
      const { sellerId } = call.params;
      return call.transact(async (tx) => {
        const record = decided(await proposeBankAccount(tx, acting, sellerId, call.body));
        return created(`/v1/sellers/${encodeURIComponent(sellerId)}/bank-accounts`, bodyOf(acting.keys, record, null));
      });
    },
  });

export const approve = (context: ApiContext): Route =>
  route({
    method: 'post',
    path: `${path}/{bankAccountId}/approval`,
    operationId: 'approveBankAccount',
    tag: 'Sellers',
    summary: 'Approve a proposed bank account',
    description:
      'Somebody other than the proposer approves; neither of the two may have given the other the role or a password. The approval names the fingerprint that was seen. ' +
      'From now on payouts go to this account, the first one after MAGAM_PAYOUT_HOLD_HOURS; until then nothing is paid out.',
    permission: 'bank-account.approve',
    params: recordParams,
    body: z.strictObject({ fingerprint: z.string().min(1).max(64) }).meta({ id: 'BankAccountApproval' }),
    example: { fingerprint: 'the fingerprint that the list shows' },
    answer: { status: 200, description: 'The account.', schema: recordSchema },
    refusals: ['SELLER_NOT_FOUND', 'BANK_ACCOUNT_NOT_FOUND', 'BANK_ACCOUNT_CHANGED', 'APPROVER_NOT_SECOND'],
    handle: async (call) => {
      const acting = actingIn(context, call);
      const { sellerId, bankAccountId } = call.params;
      return call.transact(async (tx) => {
        const seen = { sellerId, bankAccountId, fingerprint: call.body.fingerprint };
        const record = decided(await approveProposal(tx, acting, seen, context.config.accounts.payoutHoldHours));
        return ok(bodyOf(acting.keys, record, await payableIdOf(tx, sellerId)));
      });
    },
  });

export const withdraw = (context: ApiContext): Route =>
  route({
    method: 'delete',
    path: `${path}/{bankAccountId}`,
    operationId: 'withdrawBankAccount',
    tag: 'Sellers',
    summary: 'Withdraw a proposed bank account, or turn it down',
    permission: 'bank-account.propose',
    idempotent: true,
    params: recordParams,
    answer: { status: 200, description: 'The proposal, withdrawn.', schema: recordSchema },
    refusals: ['SELLER_NOT_FOUND', 'BANK_ACCOUNT_NOT_FOUND', 'BANK_ACCOUNT_CHANGED'],
    owner,
    handle: async (call) => {
      const acting = actingIn(context, call);
      const { sellerId, bankAccountId } = call.params;
      return call.transact(async (tx) => {
        const record = decided(await withdrawProposal(tx, acting, sellerId, bankAccountId));
        return ok(bodyOf(acting.keys, record, null));
      });
    },
  });
