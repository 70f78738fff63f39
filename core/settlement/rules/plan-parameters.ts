/** What a plan of the settlement freezes beside its partitions. */
import type { LineForm } from './canonical-line.js';
import { RULES_VERSION } from './rules-version.js';

export interface SettlePlanParameters {
  readonly policyRevision: number;
  /** The version of the rules; plans of version 0.1.0 do not say it, and have the first. */
  readonly rules?: number;
  /** The format of the certificate that the run will have; plans of version 0.1.0 do not say it, and get the first. */
  readonly certificate?: 2;
}

/** What new plans freeze. */
export const newPlanParameters = (policyRevision: number): SettlePlanParameters => ({
  policyRevision,
  rules: RULES_VERSION,
  certificate: 2,
});

export const lineFormOfPlan = ({ certificate }: SettlePlanParameters): LineForm => certificate ?? 1;
export const rulesVersionOfPlan = ({ rules }: SettlePlanParameters): number => rules ?? 1;
