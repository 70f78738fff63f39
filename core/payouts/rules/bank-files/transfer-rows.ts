/** The rows of a file of transfers: what may stand in one, and in which form. Messages never show an account number. */
import { type BankLayout, currencyKnown, type RowFault, type RowFaultReason, type TransferRow } from './bank-layout.js';

/** What a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@＝＋－＠]/;

/** Composed characters, one space for each run of white space, none at the ends. */
const tidy = (text: string): string => text.normalize('NFC').replace(/\s+/gu, ' ').trim();

/**
 * The rows as they are written, or every fault.
 * @param encodable whether the encoding of the layout has all characters of a text
 */
export function checkedRows(
  layout: BankLayout,
  rows: readonly TransferRow[],
  encodable: (text: string) => boolean,
): readonly TransferRow[] | { readonly faults: readonly RowFault[] } {
  const faults: RowFault[] = [];
  const references = new Set<string>();
  const written = rows.map((row) => {
    const report = (reason: RowFaultReason, message: string): void => {
      faults.push({ reference: row.reference, reason, message });
    };
    if (references.has(row.reference)) report('REFERENCE_REPEATED', 'the reference stands in the file twice');
    references.add(row.reference);
    checkMoney(layout, row, rows[0]?.currency, report);
    if (!/^\d{3}$/.test(row.bankCode)) report('BANK_CODE_INVALID', 'the bank code is not three digits');
    if (!/^\d{8,20}$/.test(row.accountNumber))
      report('ACCOUNT_NUMBER_INVALID', 'the account number is not 8 to 20 digits');
    return { ...row, ...checkedTexts(layout, row, encodable, report) };
  });
  faults.push(...faultsOfFile(layout, rows));
  return faults.length === 0 ? written : { faults };
}

type Report = (reason: RowFaultReason, message: string) => void;

function checkMoney(layout: BankLayout, row: TransferRow, first: string | undefined, report: Report): void {
  const { currency, amountMinor } = row;
  if (!currencyKnown(layout, currency))
    report('CURRENCY_UNSUPPORTED', `a file of the layout ${layout.name} does not transfer ${currency}`);
  else if (currency !== first) report('CURRENCY_UNSUPPORTED', `the file is in ${first}, and a file has one currency`);
  if (amountMinor <= 0n) report('AMOUNT_INVALID', 'the amount is not more than zero');
  if (amountMinor > layout.amountMax)
    report('AMOUNT_TOO_LARGE', `the amount is more than ${layout.amountMax} minor units`);
}

function checkedTexts(
  layout: BankLayout,
  row: TransferRow,
  encodable: (text: string) => boolean,
  report: Report,
): Pick<TransferRow, 'holder' | 'remark'> {
  const texts = { holder: tidy(row.holder), remark: tidy(row.remark) };
  for (const [name, text] of Object.entries(texts)) {
    const formula = layout.lines === 'csv' && FORMULA.test(text);
    if (/\p{Cc}/u.test(text) || formula)
      report('TEXT_INVALID', `the ${name} has control characters or begins as a formula does`);
    else if (!encodable(text))
      report('TEXT_UNENCODABLE', `the ${name} has characters that ${layout.encoding} does not have`);
  }
  if (texts.holder === '') report('TEXT_INVALID', 'the holder is empty');
  const holder = layout.fitHolder(texts.holder);
  if (holder === undefined) report('HOLDER_TOO_LONG', 'the holder does not fit, shortened as far as the layout allows');
  return { holder: holder ?? texts.holder, remark: texts.remark };
}

function faultsOfFile(layout: BankLayout, rows: readonly TransferRow[]): RowFault[] {
  const total = rows.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  if (rows.length === 0) return [{ reference: null, reason: 'NO_TRANSFERS', message: 'there is nothing to transfer' }];
  if (rows.length > layout.rowsMax || total > layout.totalMax)
    return [
      {
        reference: null,
        reason: 'TOTAL_TOO_LARGE',
        message: `a file holds at most ${layout.rowsMax} transfers of ${layout.totalMax} minor units in all`,
      },
    ];
  return [];
}
