/**
 * The version of the rules that turn entries into lines. It is frozen with the plan of a run and is part of its certificate. A process with other rules
 * does not work on the run, and a verification recomputes each line by the rules that settled it.
 *
 * A change of the rules that affects any figure, any choice of a policy or any refusal gets a new number, and the functions of the old version stay here.
 */
import { decideRefunds, decideSales } from './decide.js';

export interface Rules {
  readonly decideSales: typeof decideSales;
  readonly decideRefunds: typeof decideRefunds;
}

/** The version that new plans use. */
export const RULES_VERSION = 1;

export const currentRules: Rules = { decideSales, decideRefunds };

const known: ReadonlyMap<number, Rules> = new Map([[RULES_VERSION, currentRules]]);

/** The rules of a version; undefined when this program does not have them. */
export const rulesOf = (version: number): Rules | undefined => known.get(version);
