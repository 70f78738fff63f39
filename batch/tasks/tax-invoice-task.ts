/**
 * TAX_INVOICES: `magam tax-invoices make` as a task. Each seller's invoice is one claim under the lock of its month, so an attempt that was taken for dead and its successor
 * make no invoice twice, and the successor goes on with the sellers that are left.
 */
import { makeTaxInvoices } from '../../core/tax-invoices/make-tax-invoices.js';
import { TAX_INVOICES } from '../../core/tax-invoices/rules/make-task.js';
import { parseMonth } from '../../core/tax-invoices/rules/tax-invoice.js';
import { faultPoint } from '../../infra/faults.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { decided } from '../../kernel/outcome.js';
import { orInterrupted, type TaskRunner } from './task.js';

export const taxInvoiceTask: TaskRunner = {
  kind: TAX_INVOICES,
  releasedAtOnce: true,
  async run({ db, config: { platform, timeZone }, task, signal }) {
    const month = decided(parseMonth(TAX_INVOICES.parametersOf(task).month));
    const { date: today } = await readPlatformTime(db, timeZone);
    const asked = { month, today, platform, userName: task.requestedBy };
    const made = await makeTaxInvoices(db, asked, signal).catch((error: unknown) => {
      orInterrupted(signal);
      throw error;
    });
    await faultPoint('tax-invoice-task.made');
    return { status: 'COMPLETED', result: { dueOn: made.dueOn, waiting: made.waiting } };
  },
};
