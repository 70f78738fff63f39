/** Statements of sellers. */
import { DOCUMENT_FORMATS } from '../../core/statements/documents/write-document.js';
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { closeStatementsOfSeller, previewStatements } from './close-statements.js';
import { downloadDraft, downloadStatement } from './download-statement.js';
import {
  listLinesOfStatement,
  listSettlementsOfStatement,
  listStatementsRoute,
  listTransactionsOfStatement,
  showStatement,
} from './read-statements.js';

export const statementRoutes = (context: ApiContext): Route[] => [
  listStatementsRoute(context),
  showStatement(context),
  listSettlementsOfStatement(context),
  listTransactionsOfStatement(context),
  listLinesOfStatement(context),
  ...DOCUMENT_FORMATS.map((format) => downloadStatement(context, format)),
  previewStatements(context),
  ...DOCUMENT_FORMATS.map((format) => downloadDraft(context, format)),
  closeStatementsOfSeller(context),
];
