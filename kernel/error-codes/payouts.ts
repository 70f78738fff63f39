/** Payouts to sellers. */
import type { ErrorDefinition } from './definition.js';

export const payoutErrors = {
  PAYOUTS_DIFFER: {
    http: 500,
    exit: 4,
    meaning:
      'Payouts, their statements, their transfers and the ledger contradict each other; the message names the first difference of each check.',
    whatToDo:
      'See docs/payouts.md for what each check compares. Stop paying out until it is known who changed the tables.',
  },
  PAYOUT_APPROVER_NOT_SECOND: {
    http: 403,
    exit: 1,
    meaning:
      'Somebody other than the proposer has to approve a payout, and neither of the two may have given the other their access.',
    whatToDo:
      'Have somebody else look at the payout and approve it, under their own account or their own user of the operating system.',
  },
  PAYOUT_CHANGED: {
    http: 409,
    exit: 1,
    meaning:
      'The amount, the bank account or the content of a payout is not what was approved or seen, or its seller is suspended or owed less than it by now; where it was approved, the approval is void.',
    whatToDo:
      'Look at the payout again (`magam payouts show ID`) and approve what it is now. Where `changed` names `balance`, cancel it (`magam payouts cancel ID`), or wait until the seller is owed so much again.',
  },
  PAYOUT_FILE_DIFFERS: {
    http: 500,
    exit: 1,
    meaning:
      'A file of transfers cannot be made again as it was: its transfers or accounts were changed in the database, or this version writes the layout differently.',
    whatToDo:
      'Use the file that was exported. If it is lost, give it up with `magam payouts void-file` and export again.',
  },
  PAYOUT_FILE_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no file of transfers with this number.',
    whatToDo: '`magam payouts files` lists them.',
  },
  PAYOUT_FILE_SENT: {
    http: 409,
    exit: 1,
    meaning: 'The file of transfers was given to the bank, so it cannot be given up.',
    whatToDo: 'Wait for the result file of the bank and import it.',
  },
  PAYOUT_FILE_VOID: {
    http: 409,
    exit: 1,
    meaning: 'The file of transfers was given up: it must not go to the bank.',
    whatToDo: 'Export again: the approved payouts go into another file. Call the bank if it has received this file.',
  },
  PAYOUT_MOVED: {
    http: 409,
    exit: 1,
    meaning: 'The payout would not be the one that was previewed; the details say what it is now.',
    whatToDo: 'Look at the preview again and propose with its hash.',
  },
  PAYOUT_NOT_DUE: {
    http: 409,
    exit: 1,
    meaning: 'Nothing is paid to the seller in this currency on this date; the details name the reason.',
    whatToDo: 'See the reasons in docs/payouts.md. If no reason is named, the seller has no unpaid statement.',
  },
  PAYOUT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no payout with this id.',
    whatToDo: '`magam payouts list` lists them.',
    ko: '존재하지 않는 지급입니다.',
  },
  PAYOUT_RESULT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: "There is no import of a bank's result file with this id.",
    whatToDo: 'List the imports: `GET /v1/payout-results`.',
  },
  PAYOUT_RESULT_REFUSED: {
    http: 422,
    exit: 1,
    meaning:
      "The bank's result file does not match the ordered transfers, so all of it was refused; the details name every line and what is wrong with it.",
    whatToDo: 'Compare the lines with the file of transfers (`magam payouts files`), and ask the bank.',
  },
  PAYOUT_STATE_WRONG: {
    http: 409,
    exit: 1,
    meaning: 'The state of the payout does not allow this step; the details name the states that do.',
    whatToDo: 'Look at its history: `magam payouts show ID`.',
  },
} as const satisfies Record<string, ErrorDefinition>;
