/**
 * The version of the rules that turn entries into lines. It is frozen with the plan of a run and stands in its certificate: whoever has other rules
 * does not work on the run, and a verification decides each line by the rules that settled it.
 *
 * A change of the rules that changes any figure, any choice of a policy or any refusal gets a new number, and the functions of the old one stay here.
 */
import { decideRefunds, decideSales } from './decide.js';

export interface Rules {
  readonly decideSales: typeof decideSales;
  readonly decideRefunds: typeof decideRefunds;
}

/** Those that new plans are made with. */
export const RULES_VERSION = 1;

export const currentRules: Rules = { decideSales, decideRefunds };

const known: ReadonlyMap<number, Rules> = new Map([[RULES_VERSION, currentRules]]);

/** The rules of a version; undefined when this program does not have them. */
export const rulesOf = (version: number): Rules | undefined => known.get(version);
