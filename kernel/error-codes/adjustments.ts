/** Adjustments, chargebacks and write-offs. */
import type { ErrorDefinition } from './definition.js';

export const adjustmentErrors = {
  ADJUSTMENT_DATE_CLOSED: {
    http: 409,
    exit: 1,
    meaning:
      'The date that the adjustment counts for is on a statement of the seller that was issued; the details name the first free date.',
    whatToDo: 'Have the proposal refused or cancelled, and propose it for a later date or without one.',
  },
  ADJUSTMENT_DECIDED: {
    http: 409,
    exit: 1,
    meaning: 'The adjustment is not open any more: it was posted, refused or cancelled; the details say which.',
    whatToDo: 'Look at it with `magam adjustments show`. A posted entry is corrected by another entry, its reversal.',
  },
  ADJUSTMENT_EXISTS_OTHERWISE: {
    http: 409,
    exit: 1,
    meaning:
      'There is an adjustment with the same reference and other content; the details name the fields that differ.',
    whatToDo: 'Look at the existing adjustment. Propose yours under another reference.',
  },
  ADJUSTMENT_INVALID: {
    http: 422,
    exit: 1,
    meaning:
      'A field of the adjustment is missing, has no valid value or does not belong to its kind; the details name it.',
    whatToDo: 'Correct the field. docs/adjustments.md says what each kind takes.',
  },
  ADJUSTMENT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no adjustment with this id.',
    whatToDo: '`magam adjustments list` lists the adjustments.',
  },
  ADJUSTMENT_NOT_UNDOABLE: {
    http: 409,
    exit: 1,
    meaning:
      'The entry cannot be undone in this way: it is not posted, is of another kind, or was undone before; the details say which.',
    whatToDo:
      'Look at it with `magam adjustments show`. docs/adjustments.md says what can be reversed, and which disputes can be won.',
  },
  ADJUSTMENT_PROPOSER_ONLY: {
    http: 403,
    exit: 1,
    meaning: 'Only the person who proposed an adjustment can cancel it; others can refuse it.',
    whatToDo: 'Refuse it instead.',
  },
  DISPUTE_NOT_OPEN: {
    http: 409,
    exit: 1,
    meaning: 'The chargeback has no open dispute: it is not posted, or was lost or won before.',
    whatToDo: 'Look at it with `magam adjustments show`.',
  },
  WRITE_OFF_EXCEEDS_DEBT: {
    http: 409,
    exit: 1,
    meaning: 'The seller owes less than the amount to be written off; the details say how much.',
    whatToDo: 'Write off at most what is owed: `magam receivables` shows it.',
  },
  WRITE_OFF_NOT_IN_TERMS: {
    http: 409,
    exit: 1,
    meaning: 'The terms of the seller that are in force have no step `write-off`: what it owes stays owed.',
    whatToDo: 'Apply terms with the step `write-off` first (docs/terms.md).',
  },
} as const satisfies Record<string, ErrorDefinition>;
