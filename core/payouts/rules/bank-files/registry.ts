/** The layouts of bank files. Adding one is a file beside this one, and a line here. */
import type { BankLayout } from './bank-layout.js';
import { csvLayout } from './csv-layout.js';
import { fixedWidthLayout } from './fixed-width-layout.js';

export const BANK_LAYOUTS: readonly BankLayout[] = [csvLayout, fixedWidthLayout];

/** The layout of this name; undefined: there is none. */
export const bankLayout = (name: string): BankLayout | undefined => BANK_LAYOUTS.find((layout) => layout.name === name);
