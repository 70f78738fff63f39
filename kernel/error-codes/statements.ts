/** Statements of sellers. */
import type { ErrorDefinition } from './definition.js';

export const statementErrors = {
  STATEMENT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no statement with this id.',
    whatToDo: '`magam statements list` shows the statements that there are.',
    ko: '해당 정산서가 없습니다.',
  },
} as const satisfies Record<string, ErrorDefinition>;
