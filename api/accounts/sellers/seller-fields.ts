/** Sellers in requests and answers: a request may have the number of a bank account, an answer never has it. */
import * as z from 'zod';
import { bankAccountFingerprint } from '../../../core/accounts/bank-account.js';
import { normaliseBankAccount, SELLER_STATUSES, TAX_TYPES } from '../../../core/accounts/rules/seller.js';
import type { Seller } from '../../../core/accounts/stores/seller.js';
import { normaliseBusinessNumber } from '../../../kernel/business-number.js';
import { externalId, moment, text } from '../../edge/fields.js';

/** A text that the domain normalises or refuses. */
const normalised = (normalise: (text: string) => string | undefined, message: string) =>
  z
    .string()
    .max(40)
    .transform((typed, context) => {
      const value = normalise(typed);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    });

export const sellerFields = {
  name: text(100).meta({ example: '한빛서점' }),
  businessNumber: normalised(
    normaliseBusinessNumber,
    'must be a Korean business number whose check digit is right',
  ).meta({
    type: 'string',
    description: 'Business registration number, with or without hyphens.',
    example: '124-81-00998',
  }),
  taxType: z.enum(TAX_TYPES),
  bankAccount: z
    .strictObject({
      bankCode: z
        .string()
        .regex(/^\d{3}$/, 'must be three digits')
        .meta({ example: '088' }),
      accountNumber: normalised(normaliseBankAccount, 'must be 8 to 20 digits, not counting hyphens').meta({
        type: 'string',
        description: 'Stored encrypted; answers show its last four digits.',
        example: '110-123-456789',
      }),
      accountHolder: text(100).meta({ example: '한빛서점' }),
    })
    .meta({ id: 'BankAccountNumber' }),
  status: z.enum(SELLER_STATUSES),
};

export const sellerSchema = z
  .object({
    sellerId: externalId,
    name: z.string(),
    businessNumber: z.string().meta({ description: 'Ten digits.', example: '1248100998' }),
    taxType: sellerFields.taxType,
    bankAccount: z
      .object({
        bankCode: z.string().meta({ example: '088' }),
        accountNumberMasked: z.string().meta({ example: '****6789' }),
        accountHolder: z.string(),
        payoutFrom: moment.nullable().meta({
          description: 'The moment from which payouts may go to it; null while no second person has approved it.',
        }),
      })
      .meta({ id: 'BankAccount' }),
    status: sellerFields.status,
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Seller' });

export const sellerBody = (seller: Seller): z.input<typeof sellerSchema> => ({
  sellerId: seller.sellerId,
  ...sellerContent(seller),
  createdAt: seller.createdAt,
  updatedAt: seller.updatedAt,
});

/** The parts of a seller that can change, as in answers. */
const sellerContent = ({ name, businessNumber, taxType, bankAccount, payoutFrom, status }: Seller) => ({
  name,
  businessNumber,
  taxType,
  bankAccount: {
    bankCode: bankAccount.bankCode,
    accountNumberMasked: bankAccount.masked,
    accountHolder: bankAccount.accountHolder,
    payoutFrom,
  },
  status,
});

/** The parts of a seller that can change, as in the audit log: with a fingerprint of the account number, of which the mask shows only four digits. */
export function sellerAudited(keys: readonly [Buffer, ...Buffer[]], seller: Seller): object {
  const { bankAccount, ...content } = sellerContent(seller);
  const accountFingerprint = bankAccountFingerprint(keys, seller.sellerId, seller.bankAccount);
  return { ...content, bankAccount: { ...bankAccount, accountFingerprint } };
}

export const sellerParams = z.strictObject({ sellerId: externalId.meta({ description: 'The seller.' }) });
