/** Sellers: the businesses that are paid, and what of a bank account may be shown. */

export const TAX_TYPES = ['GENERAL', 'SIMPLIFIED', 'EXEMPT'] as const;
export type TaxType = (typeof TAX_TYPES)[number];

export const SELLER_STATUSES = ['ACTIVE', 'SUSPENDED'] as const;
export type SellerStatus = (typeof SELLER_STATUSES)[number];

const BANK_ACCOUNT = /^\d(?:[ -]?\d){7,19}$/;

/** The digits of a bank account number, 8 to 20 of them, hyphens and spaces dropped; undefined if it is not one. */
export function normaliseBankAccount(text: string): string | undefined {
  return BANK_ACCOUNT.test(text) ? text.replace(/[ -]/g, '') : undefined;
}

/** What anybody is shown of a bank account: its last four digits, and not how long it is. */
export const maskBankAccount = (digits: string): string => `****${digits.slice(-4)}`;
