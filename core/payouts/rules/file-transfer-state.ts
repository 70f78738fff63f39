/** What is known of a transfer in a file for the bank, and the steps that a result leads to. */

/** `ORDERED`: in a file that nobody has marked as sent. `VOID`: its file was given up. */
export const FILE_TRANSFER_STATUSES = ['ORDERED', 'SENT', 'PAID', 'FAILED', 'RETURNED', 'VOID'] as const;
export type FileTransferStatus = (typeof FILE_TRANSFER_STATUSES)[number];

/** What the bank says in the end. */
export type FinalOutcome = 'paid' | 'failed' | 'returned';
export type ResultStep = 'pay' | 'fail' | 'return';

const NO_STEP: readonly ResultStep[] = [];
const OPEN = { paid: ['pay'], failed: ['fail'], returned: ['pay', 'return'] } as const;

/** The steps from each state to each outcome. Money that came back was paid before. Where there is no entry, the outcome contradicts what is known. */
const STEPS: Readonly<Record<FileTransferStatus, Partial<Record<FinalOutcome, readonly ResultStep[]>>>> = {
  ORDERED: OPEN,
  SENT: OPEN,
  PAID: { paid: NO_STEP, returned: ['return'] },
  RETURNED: { paid: NO_STEP, returned: NO_STEP },
  FAILED: { failed: NO_STEP },
  VOID: {},
};

/** The steps by which a transfer comes to an outcome; none: it is known already. Undefined: it cannot be. */
export const stepsTo = (status: FileTransferStatus, outcome: FinalOutcome): readonly ResultStep[] | undefined =>
  STEPS[status][outcome];
