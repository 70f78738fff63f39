/**
 * The one registry of error codes, put together from `error-codes/`. A code is stable for ever: people search for it,
 * programs branch on it. `docs/errors.md` lists the same codes in the same words; a test keeps the two equal both ways.
 */
import { accountErrors } from './error-codes/accounts.js';
import { adjustmentErrors } from './error-codes/adjustments.js';
import { bankingErrors } from './error-codes/banking.js';
import { catalogueErrors } from './error-codes/catalogue.js';
import type { ErrorDefinition } from './error-codes/definition.js';
import { edgeErrors } from './error-codes/edge.js';
import { inputErrors } from './error-codes/input.js';
import { integrationErrors } from './error-codes/integrations.js';
import { ledgerErrors } from './error-codes/ledger.js';
import { operationErrors } from './error-codes/operations.js';
import { orderErrors } from './error-codes/orders.js';
import { paymentErrors } from './error-codes/payments.js';
import { payoutErrors } from './error-codes/payouts.js';
import { runErrors } from './error-codes/runs.js';
import { statementErrors } from './error-codes/statements.js';
import { stockErrors } from './error-codes/stock.js';
import { taskErrors } from './error-codes/tasks.js';
import { taxInvoiceErrors } from './error-codes/tax-invoices.js';
import { termsErrors } from './error-codes/terms.js';

const registry = {
  ...inputErrors,
  ...runErrors,
  ...edgeErrors,
  ...accountErrors,
  ...catalogueErrors,
  ...orderErrors,
  ...paymentErrors,
  ...ledgerErrors,
  ...bankingErrors,
  ...payoutErrors,
  ...adjustmentErrors,
  ...stockErrors,
  ...operationErrors,
  ...taskErrors,
  ...termsErrors,
  ...statementErrors,
  ...taxInvoiceErrors,
  ...integrationErrors,
  ...statementErrors,
} as const;

export type ErrorCode = keyof typeof registry;
export const errors: Readonly<Record<ErrorCode, ErrorDefinition>> = registry;

/** A failure with a code, for the edges: the command line and the HTTP server turn it into their own form. */
export class MagamError extends Error {
  override readonly name = 'MagamError';
  constructor(
    readonly code: ErrorCode,
    message: string = errors[code].meaning,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** An expected refusal: a value that carries its reason and data, not an exception. */
export interface Refusal {
  readonly refused: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
}

export const refuse = (refused: ErrorCode, details: Readonly<Record<string, unknown>> = {}): Refusal => ({
  refused,
  details,
});

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value;
}
