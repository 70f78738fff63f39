/** Korean business registration numbers: of sellers, and of the platform itself. */

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

/** The number as people read it: `123-45-67890`. */
export const readableBusinessNumber = (digits: string): string =>
  `${digits.slice(0, 3)}-${digits.slice(3, 5)}-${digits.slice(5)}`;
