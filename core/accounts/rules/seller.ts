/** Sellers: the businesses that are paid. Their numbers, and what of a bank account may be shown. */

export const TAX_TYPES = ['GENERAL', 'SIMPLIFIED', 'EXEMPT'] as const;
export type TaxType = (typeof TAX_TYPES)[number];

export const SELLER_STATUSES = ['ACTIVE', 'SUSPENDED'] as const;
export type SellerStatus = (typeof SELLER_STATUSES)[number];

const BUSINESS_NUMBER = /^\d{3}-?\d{2}-?\d{5}$/;
const CHECK_WEIGHTS = [1, 3, 7, 1, 3, 7, 1, 3, 5] as const;

/**
 * A Korean business registration number (사업자등록번호) as ten digits; undefined if it is not one. The last digit checks the
 * others: weights 1 3 7 1 3 7 1 3 5, plus the tens of the ninth product, up to the next ten (National Tax Service).
 */
export function normaliseBusinessNumber(text: string): string | undefined {
  if (!BUSINESS_NUMBER.test(text)) return undefined;
  const number = text.replaceAll('-', '');
  return checkDigit(number) === Number(number[9]) ? number : undefined;
}

/** The tenth digit that the first nine ask for. */
export function checkDigit(digits: string): number {
  const sum = CHECK_WEIGHTS.reduce((total, weight, index) => total + weight * Number(digits[index]), 0);
  return (10 - ((sum + Math.floor((Number(digits[8]) * 5) / 10)) % 10)) % 10;
}

const BANK_ACCOUNT = /^\d(?:[ -]?\d){7,19}$/;

/** The digits of a bank account number, 8 to 20 of them, hyphens and spaces dropped; undefined if it is not one. */
export function normaliseBankAccount(text: string): string | undefined {
  return BANK_ACCOUNT.test(text) ? text.replace(/[ -]/g, '') : undefined;
}

/** What anybody is shown of a bank account: its last four digits, and not how long it is. */
export const maskBankAccount = (digits: string): string => `****${digits.slice(-4)}`;
