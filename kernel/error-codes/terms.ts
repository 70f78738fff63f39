/** The calendar of business days, and the terms on which sellers are paid. */
import type { ErrorDefinition } from './definition.js';

export const termsErrors = {
  BUSINESS_CALENDAR_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The calendar of business days has no such version.',
    whatToDo: '`magam business-days show` names the latest version.',
  },
  BUSINESS_DAY_UNKNOWN: {
    http: 422,
    exit: 1,
    meaning: 'The date is outside the years of the calendar of business days.',
    whatToDo: 'Check the year: the calendar covers 2000 to 2050.',
    ko: '영업일 달력에 없는 연도의 날짜입니다.',
  },
  HOLIDAY_FILE_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A file of holidays cannot be imported; the faults name each place and its reason.',
    whatToDo: 'Correct every listed fault, each at its JSON path; nothing of the file was imported.',
  },
  HOLIDAY_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A part of a file of holidays is missing, unknown or contradicts another part.',
    whatToDo: 'Compare the part at the given path with docs/terms.md.',
  },
  TERMS_FILE_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'Terms of sellers cannot be applied; the faults name each place and its reason.',
    whatToDo: 'Correct every listed fault, each at its JSON path; nothing was applied.',
  },
  TERMS_IMMUTABLE: {
    http: 409,
    exit: 1,
    meaning: 'This version of the terms is stored with other content; give the change a new version.',
    whatToDo: 'Raise `version`: a stored version never changes.',
  },
  TERMS_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A part of the terms is missing, unknown or contradicts another part.',
    whatToDo: 'Compare the part at the given path with docs/terms.md.',
  },
  TERMS_MISSING: {
    http: 404,
    exit: 1,
    meaning: 'Neither terms of the seller nor the terms of all sellers are in force on the date.',
    whatToDo: 'Apply terms with `"seller": null` that begin on the date or before it.',
    ko: '이 날짜에 적용되는 정산 조건이 없습니다. 운영자에게 문의해 주세요.',
  },
  TERMS_OUT_OF_ORDER: {
    http: 409,
    exit: 1,
    meaning: 'A new version of terms needs a higher number and a later first day than every stored version.',
    whatToDo: '`magam terms list` shows the versions; give the new one the next number and a later `effectiveFrom`.',
  },
  TERMS_UNREADABLE: {
    http: 500,
    exit: 1,
    meaning: 'Stored terms cannot be read: they were changed in the database.',
    whatToDo: 'Restore the row of `seller_terms` from a backup and find out who changed it.',
    ko: '저장된 정산 조건을 읽을 수 없습니다. 운영자에게 문의해 주세요.',
  },
} as const satisfies Record<string, ErrorDefinition>;
