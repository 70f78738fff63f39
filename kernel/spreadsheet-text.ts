/** Text on its way into a CSV file that somebody may open in a spreadsheet. */

/** What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), with the full-width forms of East Asian keyboards. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** The text with an apostrophe before it where a spreadsheet would run it as a formula. Not for amounts: they would no longer be numbers. */
export const spreadsheetText = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);
