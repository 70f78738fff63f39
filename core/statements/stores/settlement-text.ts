/** A settlement `s` as one text, as it stands in the canonical text of a statement: a row of many cells costs the process that reads it more than anything else. */
import { FIGURES } from '../../settlement/rules/figures.js';

/** The figures of a table, in their order. */
export const figureText = (alias: string): string =>
  `CONCAT_WS(' ', ${FIGURES.map(({ column }) => `${alias}.${column}`).join(', ')})`;

export const SETTLEMENT_TEXT = `CONCAT_WS(' ', s.settled_on, s.generation, s.sales, s.refunds, ${figureText('s')})`;
