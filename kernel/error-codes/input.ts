/** What a person typed or a file holds: amounts, policies, rows of the feed. */
import type { ErrorDefinition } from './definition.js';

export const inputErrors = {
  // Amounts, rates, ids, dates: what a person typed.
  AMOUNT_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'An amount is not a plain decimal number with at most the decimals of its currency.',
    whatToDo:
      "Write digits with at most the currency's decimals: no sign, no grouping, no exponent (`58.90` in BRL, `1000` in KRW).",
    ko: '금액 형식이 올바르지 않습니다. 해당 통화의 소수 자릿수에 맞는 숫자를 입력해 주세요.',
  },
  AMOUNT_OUT_OF_RANGE: {
    http: 422,
    exit: 1,
    meaning: 'An amount or a computed figure is beyond 2^53 - 1 minor units.',
    whatToDo: 'Correct the amount. If it is right, the line cannot be settled: split it in the system it comes from.',
    ko: '금액이 처리할 수 있는 범위를 벗어났습니다.',
  },
  CURRENCY_UNKNOWN: {
    http: 422,
    exit: 1,
    meaning: 'The currency is not a code of ISO 4217 that has minor units.',
    whatToDo: 'Use the three letters of ISO 4217, such as `KRW`.',
    ko: '지원하지 않는 통화 코드입니다.',
  },
  FILE_UNREADABLE: {
    http: 422,
    exit: 1,
    meaning: 'A file cannot be read, or not as UTF-8 text; the message says why.',
    whatToDo: 'Check the path, its permissions and that it is UTF-8 text.',
  },
  FILE_UNWRITABLE: {
    http: 500,
    exit: 1,
    meaning: 'A file cannot be written; the message says why.',
    whatToDo: 'Check the folder, its permissions and the free space of its disk.',
  },
  RATE_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A rate is not a decimal string from 0 to 100 percent with at most 4 decimals.',
    whatToDo: 'Write percent as a string: `"8.5"`, `"0.0275"`.',
  },

  // Fee policies and what they are applied to.
  ENTRY_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'The quantity and the amounts of a line contradict each other, or one of them is not a valid count.',
    whatToDo:
      'Compare the entry with its source; an entry never changes, so a wrong one is corrected by a refund and a new sale.',
  },
  ORIGINAL_PARKED: {
    http: 409,
    exit: 1,
    meaning: 'The sale of this refund is parked; settle the sale first, then this date again.',
    whatToDo:
      "See `magam runs exceptions` of the sale's date, remove the reason and settle that date and this one again.",
  },
  POLICY_FILE_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A policy file cannot be applied; the faults name each place and its reason.',
    whatToDo: 'Correct every listed fault, each at its JSON path; nothing of the file was applied.',
  },
  POLICY_IMMUTABLE: {
    http: 409,
    exit: 1,
    meaning: 'This version of the policy is stored with other content; give the change a new version.',
    whatToDo: 'Raise `version`: a stored version never changes.',
  },
  POLICY_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A part of a policy is missing, unknown or contradicts another part.',
    whatToDo: 'Compare the part at the given path with docs/settlement-rules.md.',
  },
  POLICY_MISSING: {
    http: 422,
    exit: 1,
    meaning: 'No fee policy of the currency is in force for the line on its order date.',
    whatToDo:
      'Apply a policy whose scope, currency and dates hold the line, then settle the date again: what was parked is tried again.',
  },
  POLICY_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no fee policy with this code.',
    whatToDo: '`magam policies list` shows all codes.',
  },
  POLICY_OVERLAP: {
    http: 409,
    exit: 1,
    meaning: 'Two policies of the same scope and currency would be in force on the same day.',
    whatToDo:
      'Give the new policy the code and the next version of the one it replaces, or an `effectiveFrom` after it ends.',
  },
  POLICY_UNREADABLE: {
    http: 500,
    exit: 1,
    meaning: 'A stored fee policy cannot be read: it was changed in the database.',
    whatToDo: 'Restore the row of `fee_policy` from a backup and find out who changed it.',
    ko: '수수료 정책을 읽을 수 없습니다. 운영자에게 문의해 주세요.',
  },
  REFUND_EXCEEDS_SALE: {
    http: 409,
    exit: 1,
    meaning: 'A refund would take back more units than its sale has left.',
    whatToDo: 'Compare the refunds of the sale (`magam explain ORDER_ID LINE_ID`) with their source.',
  },

  // Imports of the feed: the file, its rows, the import record.
  CATEGORY_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A category is longer than 64 characters.',
    whatToDo: 'Shorten the category.',
  },
  COLUMN_COUNT: {
    http: 422,
    exit: 1,
    meaning: 'A row has more or fewer fields than the header.',
    whatToDo: 'Look for a delimiter inside an unquoted field.',
  },
  COLUMN_DUPLICATE: {
    http: 422,
    exit: 1,
    meaning: 'The header has a column more than once.',
    whatToDo: 'Rename or remove one of the two columns.',
  },
  COLUMN_MISSING: {
    http: 422,
    exit: 1,
    meaning: 'The header lacks required columns; the details name all of them.',
    whatToDo: 'Add the columns, or say with `--map` what they are called in the file.',
  },
  CSV_MALFORMED: {
    http: 422,
    exit: 1,
    meaning:
      'The file is not CSV after RFC 4180: a quote is wrong or not closed, the file was cut off within a row, or lines end in a carriage return alone. The details name the line and the reason.',
    whatToDo: 'Look at the named line; export the file again if it was cut off.',
  },
  DATE_CLOSED: {
    http: 409,
    exit: 1,
    meaning: 'The date is closed; --late next-open-date settles late entries on the next date.',
    whatToDo: 'Give `--late next-open-date` to settle late entries on the first date after the last closed one.',
  },
  DISCOUNT_EXCEEDS_AMOUNT: {
    http: 422,
    exit: 1,
    meaning: 'The discounts of a line are more than quantity x unit price.',
    whatToDo: 'Correct the discounts, quantity or unit price of the row.',
  },
  ENCODING_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'The file is not in the given encoding; name the right one with --encoding.',
    whatToDo:
      'Give `--encoding`, for example `--encoding cp949` for a file that Korean Excel saved. The details name the line and the column.',
  },
  ENCODING_UNKNOWN: {
    http: 422,
    exit: 2,
    meaning: 'This text encoding is not known; utf-8 and cp949 are examples of known ones.',
    whatToDo: 'Use `cp949` or a label of the WHATWG encoding standard.',
  },
  ENTRY_CONFLICT: {
    http: 409,
    exit: 1,
    meaning: 'An entry with this key exists with different values; stored entries never change.',
    whatToDo:
      'Compare the row with what was imported before. A correction is a refund and a new sale under another key.',
  },
  FIELD_REQUIRED: { http: 422, exit: 1, meaning: 'A required field is empty.', whatToDo: 'Fill in the field.' },
  FILE_BINARY: {
    http: 422,
    exit: 1,
    meaning: 'The file is not text (an archive, a spreadsheet or other binary data); export it as CSV.',
    whatToDo: 'Unpack the archive, or save the spreadsheet as CSV.',
  },
  FILE_CHANGED: {
    http: 409,
    exit: 1,
    meaning: 'The file changed while it was being imported; what was written was withdrawn.',
    whatToDo: 'Run the import again when the file is complete.',
  },
  FILE_EMPTY: {
    http: 422,
    exit: 1,
    meaning: 'The file is empty: not even a header.',
    whatToDo: 'Check the export that wrote the file.',
  },
  ID_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'An id is not 1 to 64 printable ASCII characters without spaces around them.',
    whatToDo: 'Correct the id; ids are compared byte by byte, so spaces around them are not dropped.',
    ko: 'ID는 공백으로 시작하거나 끝나지 않는 1~64자의 ASCII 문자여야 합니다.',
  },
  ID_MANGLED: {
    http: 422,
    exit: 1,
    meaning: 'A spreadsheet has changed this id into a form such as 2.02604E+15, so its digits are lost.',
    whatToDo:
      'Export the file again, and do not save it from a spreadsheet; or format the column as text before the file is opened.',
  },
  ID_RESERVED: {
    http: 422,
    exit: 1,
    meaning:
      "Order and refund ids that begin with magam: are those of the platform's own shop; a file cannot bring them.",
    whatToDo: 'Give the order or the refund another id; what the shop sold and refunded is in the feed already.',
  },
  IMPORT_HAS_DEPENDENTS: {
    http: 409,
    exit: 1,
    meaning: 'Refunds of other imports refer to entries of this import, so it cannot be taken back.',
    whatToDo: 'Finish an unfinished import by its command; withdraw the import of the refunds before a completed one.',
  },
  IMPORT_NOT_COMPLETED: {
    http: 409,
    exit: 1,
    meaning: 'Only a completed import of a file can be withdrawn; abandon an unfinished one instead.',
    whatToDo: '`magam imports` shows its status; `magam imports abandon ID` for an unfinished one.',
  },
  IMPORT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no import with this id.',
    whatToDo: '`magam imports` lists the ids.',
  },
  IMPORT_NOT_OPEN: {
    http: 409,
    exit: 1,
    meaning: 'The import has ended; only an unfinished one can be abandoned.',
    whatToDo:
      '`magam imports withdraw ID` takes a completed import back while its dates are open; later its entries are corrected by refunds.',
  },
  IMPORT_REJECTED: {
    http: 422,
    exit: 1,
    meaning:
      'The file has bad rows, so nothing of it was imported; the rejects file names them all, and skipping rejects imports the rest.',
    whatToDo: 'Correct the rows that the rejects file names, or import the rest with `--skip-rejects`.',
  },
  IMPORT_RUNNING: {
    http: 409,
    exit: 1,
    meaning: 'Another process is working on this import.',
    whatToDo: 'Wait for it; `magam imports` shows how far it is.',
  },
  IMPORT_STOPPED: {
    http: 409,
    exit: 130,
    meaning: 'The import was stopped; the same command continues it.',
    whatToDo: 'Run the same command again.',
  },
  IMPORT_TAKEN_OVER: {
    http: 409,
    exit: 1,
    meaning: 'Another process took the import over, because this one had not reported for too long.',
    whatToDo: 'Nothing: the other process finishes the import.',
  },
  IMPORT_UNFINISHED: {
    http: 409,
    exit: 1,
    meaning: 'The entry was written by an import that is unfinished; finish or abandon that import first.',
    whatToDo: "Run that import's command again, or `magam imports abandon ID`.",
  },
  LINE_OF_SHOP: {
    http: 409,
    exit: 1,
    meaning: "The line was sold by the platform's own shop, which refunds it itself; a file cannot.",
    whatToDo: 'Take the row out of the file and refund the order in the shop; otherwise the money would go back twice.',
  },
  MAPPING_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'The mapping file is not a JSON object that maps our columns to theirs; the details say where.',
    whatToDo:
      'Write `{"line_id": "order_item_id", "currency": "=BRL"}`: our column, then theirs or `=` and a constant.',
  },
  ORIGINAL_MISSING: {
    http: 422,
    exit: 1,
    meaning: 'The sale of a refund is not in the feed.',
    whatToDo: 'Import the sales first.',
  },
  QUANTITY_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A quantity is not a whole number from 1 to 1,000,000, written in digits alone.',
    whatToDo: 'Correct the quantity.',
    ko: '수량은 1에서 1,000,000 사이의 숫자여야 합니다.',
  },
  REASON_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'The reason of a refund is longer than 255 characters.',
    whatToDo: 'Shorten the reason.',
    ko: '사유는 255자를 넘을 수 없습니다.',
  },
  REFUND_BEFORE_SALE: {
    http: 422,
    exit: 1,
    meaning: 'A refund is dated before its sale.',
    whatToDo: "Compare `refunded_on` with the sale's `confirmed_on`.",
  },
  REJECTS_UNWRITABLE: {
    http: 500,
    exit: 1,
    meaning: 'The rejects file cannot be written.',
    whatToDo: 'Check the folder, its permissions and the free space of its disk.',
  },
  ROW_DATE_INVALID: {
    http: 422,
    exit: 1,
    meaning: 'A field is neither a valid date (YYYY-MM-DD) nor a valid time stamp.',
    whatToDo: 'Write dates as `YYYY-MM-DD`; time stamps as ISO 8601, with an offset or with `--time-zone`.',
  },
  ROW_REPEATED: {
    http: 422,
    exit: 1,
    meaning: 'An earlier row of the same file has the same key; the value names its line.',
    whatToDo:
      'Look at both rows. Two things sold need two line ids; check what `--map` gives as `line_id`. If one row is a copy, remove it.',
  },
  SHOP_DATES_PASSED: {
    http: 503,
    exit: 1,
    meaning: 'The settlement date of an entry of the shop was closed meanwhile; repeat the call.',
    whatToDo: 'Repeat the call: it takes the next open date.',
    ko: '처리하는 동안 정산 날짜가 마감되었습니다. 다시 시도해 주세요.',
  },
  SEED_CONFLICT: {
    http: 409,
    exit: 1,
    meaning: 'The date was seeded with the same seed but different numbers; give another --seed.',
    whatToDo: 'Give another `--seed`, or the numbers of the first time.',
  },
} as const satisfies Record<string, ErrorDefinition>;
