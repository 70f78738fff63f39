import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planVerification } from '../../batch/jobs/verify/pieces.js';
import { REFUND, SALE } from '../../core/feed/rules/leg.js';
import type { CertificateBody, CertifiedRange } from '../../core/settlement/rules/certificate.js';

const range = (after: number, through: number): CertifiedRange => ({ after, through, lines: 1, sha256: '' });
const body = (generation: number, ranges: readonly (readonly [CertifiedRange, CertifiedRange])[]): CertificateBody => ({
  format: 'magam-certificate/1',
  job: 'settle',
  date: '2026-04-01',
  generation,
  policyRevision: generation,
  partitions: ranges.map(([sales, refunds], i) => ({ number: i + 1, sales, refunds, totals: [] })),
  totals: [],
  control: [],
  exceptions: 0,
  linesHash: '',
  previous: null,
});
/** How the lines of a generation are replayed. */
const of = (generation: number) => ({ generation, policyRevision: generation, rules: 1, form: 1 });
const surveyed = (bodies: readonly CertificateBody[], leg: number): number[][] =>
  planVerification(bodies)
    .pieces.filter((piece) => piece.leg === leg && piece.survey)
    .map(({ after, through }) => [after, through])
    .sort(([a = 0], [b = 0]) => a - b);

describe('the plan of a verification', () => {
  it('surveys the ranges of the first generation where it replays them, and the gaps', () => {
    const bodies = [
      body(1, [
        [range(10, 20), range(0, 0)],
        [range(20, 30), range(3, 4)],
      ]),
      body(2, [[range(12, 25), range(0, 0)]]),
    ];
    expect(planVerification(bodies).pieces).toEqual(
      expect.arrayContaining([
        { leg: SALE, after: 10, through: 20, survey: true, replay: of(1) },
        { leg: SALE, after: 20, through: 30, survey: true, replay: of(1) },
        { leg: SALE, after: 12, through: 25, survey: false, replay: of(2) },
        { leg: SALE, after: 0, through: 10, survey: true, replay: null },
        { leg: SALE, after: 30, through: Number.MAX_SAFE_INTEGER, survey: true, replay: null },
        { leg: REFUND, after: 3, through: 4, survey: true, replay: of(1) },
      ]),
    );
  });

  it('surveys everything once, whatever ranges a certificate claims, or none', () => {
    const anyRange = fc.tuple(fc.nat(50), fc.nat(50)).map(([after, through]) => range(after, through));
    fc.assert(
      fc.property(fc.array(fc.tuple(anyRange, anyRange), { maxLength: 6 }), (ranges) => {
        const bodies = ranges.length === 0 ? [] : [body(1, ranges)];
        for (const leg of [SALE, REFUND]) {
          let at = 0;
          for (const [after, through] of surveyed(bodies, leg)) {
            expect(after).toBe(at);
            at = through ?? 0;
          }
          expect(at).toBe(Number.MAX_SAFE_INTEGER);
        }
      }),
    );
  });

  it('replays every range that is not empty, and says where its result is', () => {
    const bodies = [body(1, [[range(0, 5), range(0, 0)]]), body(2, [[range(1, 3), range(7, 9)]])];
    const { pieces, generations } = planVerification(bodies);
    const replayed = generations.map(({ partitions }) =>
      partitions.map(({ pieceOf }) => [SALE, REFUND].map((leg) => pieces[pieceOf[leg as 0 | 1] ?? -1]?.replay)),
    );
    expect(replayed).toEqual([[[of(1), undefined]], [[of(2), of(2)]]]);
  });
});
