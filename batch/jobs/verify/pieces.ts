/** Divides the work of a verification: the certified ranges are replayed, and every id of the date is surveyed once. */
import { LEGS, type Leg, SALE } from '../../../core/feed/rules/leg.js';
import {
  type CertificateBody,
  type CertifiedPartition,
  type CertifiedRange,
  lineFormOf,
  rulesVersionOf,
} from '../../../core/settlement/rules/certificate.js';
import type { VerifyPiece } from './verify-reader.js';

/** A certified partition, and which piece replays each of its ranges; undefined where the range is empty. */
export interface PlannedPartition {
  readonly partition: CertifiedPartition;
  readonly pieceOf: Readonly<Record<Leg, number | undefined>>;
}

export interface VerifyPlan {
  readonly pieces: readonly VerifyPiece[];
  readonly generations: readonly { readonly body: CertificateBody; readonly partitions: readonly PlannedPartition[] }[];
}

/** The largest id that the product gives. */
const LAST_ID = Number.MAX_SAFE_INTEGER;

export const rangeOf = ({ sales, refunds }: CertifiedPartition, leg: Leg): CertifiedRange =>
  leg === SALE ? sales : refunds;

/** The first generation's ranges hold nearly all entries, so each of them is surveyed and replayed in one read, and each gap between them is surveyed separately. */
export function planVerification(bodies: readonly CertificateBody[]): VerifyPlan {
  const pieces: VerifyPiece[] = [];
  const generations = bodies.map((body) => ({
    body,
    partitions: body.partitions.map((partition): PlannedPartition => {
      const place = (leg: Leg): number | undefined => {
        const { after, through } = rangeOf(partition, leg);
        if (through <= after) return undefined;
        const { generation, policyRevision } = body;
        const replay = { generation, policyRevision, rules: rulesVersionOf(body), form: lineFormOf(body) };
        return pieces.push({ leg, after, through, survey: false, replay }) - 1;
      };
      return { partition, pieceOf: { 0: place(0), 1: place(1) } };
    }),
  }));
  const [first] = generations;
  for (const leg of LEGS) {
    const places = (first?.partitions ?? []).flatMap(({ pieceOf }) => pieceOf[leg] ?? []);
    surveyAll(pieces, leg, places);
  }
  return { pieces, generations };
}

/** Assigns each id of the leg to one piece for the survey: the pieces at these places survey their own ids, unless some overlap, and new pieces the rest. */
function surveyAll(pieces: VerifyPiece[], leg: Leg, places: readonly number[]): void {
  const ordered = [...places].sort((a, b) => at(pieces, a).after - at(pieces, b).after);
  const overlap = ordered.some(
    (place, i) => i > 0 && at(pieces, place).after < at(pieces, ordered[i - 1] ?? 0).through,
  );
  const surveyed = overlap ? [] : ordered;
  let after = 0;
  for (const place of surveyed) {
    const piece = at(pieces, place);
    pieces[place] = { ...piece, survey: true };
    if (piece.after > after) pieces.push(gap(leg, after, piece.after));
    after = piece.through;
  }
  pieces.push(gap(leg, after, LAST_ID));
}

const at = (pieces: readonly VerifyPiece[], place: number): VerifyPiece => pieces[place] as VerifyPiece;
const gap = (leg: Leg, after: number, through: number): VerifyPiece => ({
  leg,
  after,
  through,
  survey: true,
  replay: null,
});
