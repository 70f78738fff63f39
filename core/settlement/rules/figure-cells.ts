/**
 * The figures of a line as cells in the order of FIGURES, for what runs for every line of a run: a loop over cells costs no more than
 * eleven statements that name the figures.
 *
 * The functions below are generated once from the list, because access by a name held in a variable is slow. Nanoseconds a line, median of 15
 * rounds in turn over 4,000 lines (Node 20; the second number with sums beyond 32 bits in each tenth line):
 *
 * |                         | written out | these cells | loop over names |
 * |---|---|---|---|
 * | add to the sums         |   19 / 39   |   23 / 22   |     94 / 106    |
 * | write a canonical line  |  239 / 253  |  151 / 189  |    268 / 341    |
 * | make figures of a row   |  4.5 / 16   |  4.6 / 15   |    155 / 289    |
 */
import {
  COMPUTED_FIGURES,
  type ComputedFigure,
  ENTRY_FIGURES,
  type EntryFigure,
  FIGURE_NAMES,
  type FigureName,
  type Figures,
} from './figures.js';

/** A function of the parameters that returns the expression; both are made of the list's names alone. */
const generated = <F>(parameters: string, expression: string): F =>
  new Function(...parameters.split(','), `return ${expression};`) as F;

const intoCells = generated<(cells: number[], figures: Figures) => readonly number[]>(
  'cells,figures',
  `(${FIGURE_NAMES.map((name, at) => `cells[${at}] = figures.${name}`).join(', ')}, cells)`,
);
const reused: number[] = FIGURE_NAMES.map(() => 0);

/** The figures in their order. The cells are valid until the next call. */
export const figureCells = (figures: Figures): readonly number[] => intoCells(reused, figures);

type Read<Name extends FigureName> = (cells: readonly unknown[], at: number) => Record<Name, number>;
const reader = <Name extends FigureName>(names: readonly Name[]): Read<Name> =>
  generated('cells,at', `({ ${names.map((name, i) => `${name}: cells[at + ${i}]`).join(', ')} })`);

/** The figures of a row whose cells hold them in their order from the cell `at` on: numbers, for none is beyond ±(2^53 − 1). */
export const figuresAt = reader(FIGURE_NAMES);
/** The same of an entry's own amounts. */
export const entryFiguresAt = reader(ENTRY_FIGURES);
/** The same of what a run computed. */
export const computedFiguresAt = reader(COMPUTED_FIGURES);

type Amounts = Readonly<Record<EntryFigure, number>>;
type Computed = Readonly<Record<ComputedFigure, number>>;
const members = (names: readonly FigureName[], of: string): string[] => names.map((name) => `${name}: ${of}.${name}`);

/** The figures of a line whose entry and result are at hand; other members of both are left out. */
export const figuresOf = generated<(entry: Amounts, result: Computed) => Figures>(
  'entry,result',
  `({ ${[...members(ENTRY_FIGURES, 'entry'), ...members(COMPUTED_FIGURES, 'result')].join(', ')} })`,
);

/** Whether all figures are equal. */
export const sameFigures = generated<(a: Figures, b: Figures) => boolean>(
  'a,b',
  FIGURE_NAMES.map((name) => `a.${name} === b.${name}`).join(' && '),
);
