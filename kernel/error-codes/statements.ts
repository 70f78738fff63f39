/** Statements of sellers. */
import type { ErrorDefinition } from './definition.js';

export const statementErrors = {
  STATEMENTS_DIFFER: {
    http: 500,
    exit: 4,
    meaning:
      'The statements differ from the settlements and transactions that they are made of; the first difference of each check is named.',
    whatToDo:
      'See docs/statements.md for what each check compares. Find out who changed the tables of statements or of the ledger, and restore them from a backup.',
  },
  STATEMENT_DATE_NOT_OVER: {
    http: 409,
    exit: 1,
    meaning: "The date is not over in the platform's time zone, so no statement closes on it yet.",
    whatToDo:
      'Close statements for a date that has ended. `magam statements preview` shows the figures of a running period.',
  },
  STATEMENT_DATE_UNPOSTED: {
    http: 409,
    exit: 1,
    meaning: 'A settled date up to the given one is not in the ledger yet; the details name it.',
    whatToDo: 'Run `magam ledger post` for that date, or let a runner do it, and close again.',
  },
  STATEMENT_DATE_UNSETTLED: {
    http: 409,
    exit: 1,
    meaning: 'A date up to the given one has entries and is not settled; the details name it.',
    whatToDo: 'Run `magam settle` for that date, and close again.',
  },
  STATEMENT_MOVED: {
    http: 409,
    exit: 1,
    meaning: 'The statement differs from the preview; nothing was closed, and the details say what changed.',
    whatToDo: 'Preview again, look at the changes, and close with the new hash.',
  },
  STATEMENT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no statement with this id.',
    whatToDo: '`magam statements list` lists the statements.',
    ko: '이 번호의 정산서가 없습니다.',
  },
  STATEMENT_PERIOD_ENDLESS: {
    http: 409,
    exit: 1,
    meaning: 'The period has no last day yet: the dates of the terms have run out.',
    whatToDo: 'Apply terms that go on (docs/terms.md).',
    ko: '정산 기간의 마지막 날이 아직 정해지지 않았습니다.',
  },
  STATEMENT_SELLER_UNKNOWN: {
    http: 404,
    exit: 1,
    meaning: 'Nothing was ever settled or posted for the seller, or not in this currency.',
    whatToDo: 'Check the id of the seller. The first settlement that is posted opens its account.',
    ko: '이 판매자에게 정산된 내역이 없습니다.',
  },
} as const satisfies Record<string, ErrorDefinition>;
