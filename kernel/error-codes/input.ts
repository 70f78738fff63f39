/** What a person typed or a file holds: amounts, policies, rows of the feed. */
import type { ErrorDefinition } from './definition.js';

export const inputErrors = {
  // Amounts, rates, ids, dates: what a person typed.
  AMOUNT_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'An amount is not a plain decimal number with at most the decimals of its currency.',
    ko: '금액 형식이 올바르지 않습니다. 해당 통화의 소수 자릿수에 맞는 숫자를 입력해 주세요.',
  },
  AMOUNT_OUT_OF_RANGE: {
    http: 422,
    exit: 1,
    meaning: 'An amount or a computed figure is beyond 2^53 - 1 minor units.',
    ko: '금액이 처리할 수 있는 범위를 벗어났습니다.',
  },
  CURRENCY_UNKNOWN: {
    http: 422,
    exit: 1,
    meaning: 'A currency is not a code of ISO 4217 with minor units.',
    ko: '지원하지 않는 통화 코드입니다.',
  },
  FILE_UNREADABLE: {
    http: 422,
    exit: 1,
    meaning: 'A file cannot be read, or not as UTF-8 text; the message says why.',
  },
  FILE_UNWRITABLE: { http: 500, exit: 1, meaning: 'A file cannot be written; the message says why.' },
  RATE_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A rate is not a decimal string from 0 to 100 percent with at most 4 decimals.',
  },

  // Fee policies and what they are applied to.
  ENTRY_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'The quantity or the amounts of a line contradict each other or are not counts.',
  },
  ORIGINAL_PARKED: {
    http: 409,
    exit: 1,
    meaning: 'The sale of this refund is parked; mend the sale and settle the date again.',
  },
  POLICY_FILE_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A policy file cannot be applied; the faults name each place and its reason.',
  },
  POLICY_IMMUTABLE: {
    http: 409,
    exit: 1,
    meaning: 'This version of the policy is stored with other content; give the change a new version.',
  },
  POLICY_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A part of a policy is missing, unknown or contradicts another part.',
  },
  POLICY_MISSING: {
    http: 422,
    exit: 1,
    meaning: 'No fee policy of the currency is in force for the line on its order date.',
  },
  POLICY_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no fee policy with this code.' },
  POLICY_OVERLAP: {
    http: 409,
    exit: 1,
    meaning: 'Two policies of the same scope and currency would be in force on the same day.',
  },
  POLICY_UNREADABLE: {
    http: 500,
    exit: 1,
    meaning: 'A stored fee policy cannot be read: it was changed in the database.',
    ko: '수수료 정책을 읽을 수 없습니다. 운영자에게 문의해 주세요.',
  },
  REFUND_EXCEEDS_SALE: { http: 409, exit: 1, meaning: 'A refund would take back more units than its sale has left.' },

  // Imports of the feed: the file, its rows, the import record.
  CATEGORY_INVALID: { http: 422, exit: 1, meaning: 'A category is longer than 64 characters.' },
  COLUMN_COUNT: { http: 422, exit: 1, meaning: 'A row has more or fewer fields than the header.' },
  COLUMN_DUPLICATE: { http: 422, exit: 1, meaning: 'A column stands in the header more than once.' },
  COLUMN_MISSING: { http: 422, exit: 1, meaning: 'The header lacks required columns; the details name all of them.' },
  CSV_MALFORMED: {
    http: 422,
    exit: 1,
    meaning:
      'The file is not CSV after RFC 4180: a quote is wrong or not closed, the file was cut off within a row, or lines end in a carriage return alone. The details name the line and the reason.',
  },
  DATE_CLOSED: {
    http: 409,
    exit: 1,
    meaning: 'The date is closed; --late next-open-date settles late entries on the next date.',
  },
  DISCOUNT_EXCEEDS_AMOUNT: {
    http: 422,
    exit: 1,
    meaning: 'The discounts of a line are more than quantity x unit price.',
  },
  ENCODING_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'The file is not written in the encoding given; name the right one with --encoding.',
  },
  ENCODING_UNKNOWN: {
    http: 422,
    exit: 2,
    meaning: 'There is no such text encoding; utf-8 and cp949 are two that there are.',
  },
  ENTRY_CONFLICT: {
    http: 409,
    exit: 1,
    meaning: 'An entry with this key exists with other values; entries never change.',
  },
  FIELD_REQUIRED: { http: 422, exit: 1, meaning: 'A required field is empty.' },
  FILE_BINARY: {
    http: 422,
    exit: 1,
    meaning: 'The file is not text (an archive, a spreadsheet or other binary data); export it as CSV.',
  },
  FILE_CHANGED: {
    http: 409,
    exit: 1,
    meaning: 'The file changed while it was being imported; what was written was withdrawn.',
  },
  FILE_EMPTY: { http: 422, exit: 1, meaning: 'The file is empty: not even a header.' },
  ID_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'An id is not 1 to 64 printable ASCII characters without spaces around them.',
    ko: 'ID는 공백으로 시작하거나 끝나지 않는 1~64자의 ASCII 문자여야 합니다.',
  },
  ID_MANGLED: {
    http: 422,
    exit: 1,
    meaning: 'A spreadsheet has changed this id, such as 2.02604E+15; its digits are lost.',
  },
  ID_RESERVED: {
    http: 422,
    exit: 1,
    meaning:
      "Order and refund ids that begin with magam: are those of the platform's own shop; a file cannot bring them.",
  },
  IMPORT_HAS_DEPENDENTS: {
    http: 409,
    exit: 1,
    meaning: 'Accepted refunds of others rest on what the import wrote, so it cannot be taken back.',
  },
  IMPORT_NOT_COMPLETED: {
    http: 409,
    exit: 1,
    meaning: 'Only a completed import of a file can be withdrawn; an unfinished one is abandoned.',
  },
  IMPORT_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no import with this id.' },
  IMPORT_NOT_OPEN: { http: 409, exit: 1, meaning: 'The import has ended; only an unfinished one can be abandoned.' },
  IMPORT_REJECTED: {
    http: 422,
    exit: 1,
    meaning:
      'The file has bad rows, so nothing of it was imported; the rejects file names them all, and skipping rejects imports the rest.',
  },
  IMPORT_RUNNING: { http: 409, exit: 1, meaning: 'Another process is working on this import.' },
  IMPORT_STOPPED: { http: 409, exit: 130, meaning: 'The import was stopped; the same command goes on.' },
  IMPORT_TAKEN_OVER: {
    http: 409,
    exit: 1,
    meaning: 'Another process took the import over after this one was silent for too long.',
  },
  IMPORT_UNFINISHED: {
    http: 409,
    exit: 1,
    meaning: 'The entry was written by an import that is unfinished; finish or abandon that import first.',
  },
  LINE_OF_SHOP: {
    http: 409,
    exit: 1,
    meaning: "The line was sold by the platform's own shop, which refunds it itself; a file cannot.",
  },
  MAPPING_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'The mapping file is not a JSON object of our columns and theirs; the details say where.',
  },
  ORIGINAL_MISSING: { http: 422, exit: 1, meaning: 'The sale of a refund is not in the feed.' },
  QUANTITY_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A quantity is not digits from 1 to 1,000,000.',
    ko: '수량은 1에서 1,000,000 사이의 숫자여야 합니다.',
  },
  REASON_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'The reason of a refund is longer than 255 characters.',
    ko: '사유는 255자를 넘을 수 없습니다.',
  },
  REFUND_BEFORE_SALE: { http: 422, exit: 1, meaning: 'A refund is dated before its sale.' },
  REJECTS_UNWRITABLE: { http: 500, exit: 1, meaning: 'The rejects file cannot be written.' },
  ROW_DATE_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A field is neither a date YYYY-MM-DD nor a time stamp of a day that exists.',
  },
  ROW_REPEATED: {
    http: 422,
    exit: 1,
    meaning: 'An earlier row of the same file has the same key; the value names its line.',
  },
  SHOP_DATES_PASSED: {
    http: 503,
    exit: 1,
    meaning: 'The dates that an entry of the shop was to be settled on were closed meanwhile; repeat the call.',
    ko: '처리하는 동안 정산 날짜가 마감되었습니다. 다시 시도해 주세요.',
  },
  SEED_CONFLICT: {
    http: 409,
    exit: 1,
    meaning: 'The date was seeded with the same seed and other numbers; give another --seed.',
  },
} as const satisfies Record<string, ErrorDefinition>;
