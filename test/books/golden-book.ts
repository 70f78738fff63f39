/**
 * The golden books: three sellers in February and March 2026, and what their statements, payouts and accounts must come to. All of it was worked out by hand from
 * docs/settlement-rules.md, docs/terms.md, docs/statements.md and docs/adjustments.md. Amounts are won.
 *
 * Seollal is from Monday 16 to Wednesday 18 February. Monday 2 March is off for Sunday the first.
 */

const standard = {
  ...{ code: 'standard', scope: {}, currency: 'KRW', effectiveFrom: '2026-01-01' },
  commission: { components: [{ type: 'percent', rate: '10' }] },
  vat: { rate: '10', mode: 'exclusive', rounding: 'down' },
  pgFee: { rate: '3', bearer: 'seller', vat: 'exclusive' },
};
const forBaram = {
  ...{ code: 'baram', scope: { seller: 'baram' }, currency: 'KRW', effectiveFrom: '2026-01-01' },
  commission: { components: [{ type: 'percent', rate: '8.5' }] },
  vat: { rate: '10', mode: 'inclusive', rounding: 'down' },
};
export const POLICIES = { policies: [standard, forBaram] };

export const TERMS = {
  terms: [
    {
      ...{ seller: 'hanbit', effectiveFrom: '2026-01-01', cycle: { type: 'weekly', closesOn: 'sunday' } },
      delay: { businessDays: 3 },
    },
    {
      ...{ seller: 'baram', effectiveFrom: '2026-01-01', cycle: { type: 'half-monthly' } },
      ...{ delay: { days: 10 }, holidayRule: 'before', reserve: { percent: '10', days: 30 } },
    },
    {
      ...{ seller: 'sori', effectiveFrom: '2026-01-01', cycle: { type: 'weekly', closesOn: 'wednesday' } },
      ...{ delay: { days: 2 }, reserve: { percent: '20', days: 14 } },
      minimums: { KRW: { amount: '10000', carryForwardPeriods: null } },
    },
  ],
};

/*
 * hanbit and sori: F 10 %, V 10 % of F on top (down), G 3 % of what the buyer paid, GV 10 % of G (down).
 * baram: F 8.5 %, V = F x 10 / 110 contained in it (down), no PG fee.
 *
 *                    A       S    Ds    Dp        P       F      V      G    GV     net = A - Ds + S - F - V on top - G - GV
 * H-1  2 x 50000  100000                   100000   10000   1000   3000   300    85700
 * H-2  1 x 33330   33330  3000  1000  2000  33330    3233    323   1000   100    30674   F of 32330; V 323.3; G 999.9
 * H-3  3 x 10000   30000                    30000    3000    300    900    90    25710
 * H-4  1 x  7000    7000                     7000     700     70    210    21     5999
 * H-5  1 x 20000   20000                    20000    2000    200    600    60    17140
 * H-6  1 x 40000   40000                    40000    4000    400   1200   120    34280
 * B-1  1 x 200000 200000                   200000   17000   1545                183000   V 1545.45
 * B-2  4 x 12345   49380                    49380    4197    381                 45183   F 4197.3; V 381.54
 * B-3  1 x 30000   30000                    30000    2550    231                 27450   V 231.8
 * B-4  1 x 10000   10000                    10000     850     77                  9150   V 77.27
 * B-5  1 x 100000 100000                   100000    8500    772                 91500   V 772.7
 * S-1  1 x  9000    9000                     9000     900     90    270    27     7713
 * S-2  1 x 15000   15000                    15000    1500    150    450    45    12855
 *
 * HR-1 and HR-2 take half of H-1 each: 50000, F 5000, V 500, G 1500, GV 150, net 42850.
 * BR-1 takes one of four of B-2: 12345, F floor(4197 / 4) = 1049, V floor(381 / 4) = 95, net 11296.
 * SR-1 takes all of S-2: net 12855.
 */
export const LINES = `order_id,line_id,seller_id,quantity,unit_price,shipping_fee,seller_discount,platform_discount,currency,ordered_on,confirmed_on
H-1,1,hanbit,2,50000,0,0,0,KRW,2026-02-02,2026-02-03
H-2,1,hanbit,1,33330,3000,1000,2000,KRW,2026-02-02,2026-02-05
H-3,1,hanbit,3,10000,0,0,0,KRW,2026-02-09,2026-02-10
H-4,1,hanbit,1,7000,0,0,0,KRW,2026-02-19,2026-02-20
H-5,1,hanbit,1,20000,0,0,0,KRW,2026-03-03,2026-03-04
H-6,1,hanbit,1,40000,0,0,0,KRW,2026-03-10,2026-03-11
B-1,1,baram,1,200000,0,0,0,KRW,2026-02-02,2026-02-04
B-2,1,baram,4,12345,0,0,0,KRW,2026-02-10,2026-02-12
B-3,1,baram,1,30000,0,0,0,KRW,2026-02-25,2026-02-26
B-4,1,baram,1,10000,0,0,0,KRW,2026-03-02,2026-03-03
B-5,1,baram,1,100000,0,0,0,KRW,2026-03-19,2026-03-20
S-1,1,sori,1,9000,0,0,0,KRW,2026-02-08,2026-02-09
S-2,1,sori,1,15000,0,0,0,KRW,2026-02-13,2026-02-14
`;
export const REFUNDS = `refund_id,order_id,line_id,quantity,refunded_on,reason
HR-1,H-1,1,1,2026-02-06,before the payout
BR-1,B-2,1,1,2026-02-13,before the payout
HR-2,H-1,1,1,2026-02-26,after the payout
SR-1,S-2,1,1,2026-03-16,after the payout
`;

/**
 * What each payout date brings. Where there is a reason instead of results, the statements that are due come to the amount and are carried on.
 *
 * hanbit: 11 Feb is the third business day after Sunday 8. After Sunday 15 they are Thursday 19, Friday 20, Monday 23; after 1 March Tuesday 3, Wednesday 4, Thursday 5.
 * sori: 6170 of 11 Feb are less than 10000; with 10284 of 18 Feb they are 16454.
 */
export const PROPOSALS = `
date        seller   amount  reason
2026-02-11  hanbit    73524
2026-02-13  sori       6170  BELOW_MINIMUM
2026-02-20  sori      16454
2026-02-23  hanbit    25710
2026-02-25  hanbit     5999
2026-02-25  baram    195198
2026-02-27  sori       3143  BELOW_MINIMUM
2026-03-05  hanbit   -42850  NEGATIVE_BALANCE
2026-03-06  sori       5714  BELOW_MINIMUM
2026-03-10  baram    -37550  NEGATIVE_BALANCE
2026-03-11  hanbit        0  NEGATIVE_BALANCE
2026-03-13  sori       6114  BELOW_MINIMUM
2026-03-18  hanbit     8570  NEGATIVE_BALANCE
2026-03-20  sori      -6741  NEGATIVE_BALANCE
2026-03-25  hanbit     -430  NEGATIVE_BALANCE
2026-03-25  baram         0  NEGATIVE_BALANCE
2026-03-27  sori          0  NEGATIVE_BALANCE
2026-04-01  hanbit        0  NEGATIVE_BALANCE
2026-04-10  baram    134810
`;

/*
 * hanbit 1: 85700 + 30674 - 42850. Its payout fails on 11 Feb, is paid on 12 and comes back on 13 (both on statement 2), and arrives on 19 (statement 3).
 * hanbit 4: HR-2 comes on 26 February, when everything is paid: -42850 is carried.
 * hanbit 5: 17140 are earned towards it. 25710 have waited for a statement and become a receivable: -25710 + 25710 = 0.
 * hanbit 6: the 25710 are netted from 34280. The payout would be of statements 4 to 6: -42850 + 42850 + 8570. A penalty of 9000 on 17 March leaves 8570 - 9000 = -430, which
 * blocks it: what the statements come to is more than the seller is owed.
 * hanbit 7: the penalty, -9000. hanbit 8: 430 have waited for a statement and become a receivable.
 *
 * baram 1: 183000 + 45183 - 11296 = 216887, of which 10 % are 21688.7.
 * baram 2: after the payout the chargeback of 60000 with its fee of 5000; and 27450 earned: 37550 are owed, and wait.
 * baram 3: 9150 are earned; 28400 have waited: 21689 of the reserve, 6711 become a receivable.
 * baram 4: the dispute is won, the fee comes back: 91500 + 65000 = 156500, less 6711 netted = 149789, of which 10 % are 14978.9.
 *
 * sori 1: 20 % of 7713 are 1542.6. sori 2: 20 % of 12855 are 2571. sori 3: 20 % of the goodwill of 2000 are 400; 1543 of statement 1 come back after 14 days.
 * sori 6: SR-1 takes 12855 of the 6114 that are not paid. sori 7: 6741 have waited for a statement.
 */
export const STATEMENTS = `
seller  no  from        to          payout      opening   sales  refunds  earned  closing  state   others
hanbit   1  2026-02-02  2026-02-08  2026-02-11        0  116374   -42850   73524    73524  paid
hanbit   2  2026-02-09  2026-02-15  2026-02-23    73524   25710        0   25710    99234  paid    PAYOUT_FAILED=73524 PAYOUT_RETURNED=73524 PAYOUT_SENT=-147048
hanbit   3  2026-02-16  2026-02-22  2026-02-25    99234    5999        0    5999    31709  paid    PAYOUT_SENT=-73524
hanbit   4  2026-02-23  2026-03-01  2026-03-05    31709       0   -42850  -42850   -42850  issued  PAYOUT_SENT=-31709
hanbit   5  2026-03-02  2026-03-08  2026-03-11   -42850   17140        0   42850        0  issued  CLAWBACK_TO_RECEIVABLE=25710
hanbit   6  2026-03-09  2026-03-15  2026-03-18        0   34280        0    8570     8570  issued  RECEIVABLE_NETTED=-25710
hanbit   7  2026-03-16  2026-03-22  2026-03-25     8570       0        0   -9000     -430  issued  ADJUSTMENT_FROM_SELLER=-9000
hanbit   8  2026-03-23  2026-03-29  2026-04-01     -430       0        0     430        0  issued  CLAWBACK_TO_RECEIVABLE=430
baram    1  2026-02-01  2026-02-15  2026-02-25        0  228183   -11296  195198   195198  paid    RESERVE=-21689
baram    2  2026-02-16  2026-02-28  2026-03-10   195198   27450        0  -37550   -37550  paid    CHARGEBACK=-60000 CHARGEBACK_FEE=-5000 PAYOUT_SENT=-195198
baram    3  2026-03-01  2026-03-15  2026-03-25   -37550    9150        0   37550        0  paid    CLAWBACK_FROM_RESERVE=21689 CLAWBACK_TO_RECEIVABLE=6711
baram    4  2026-03-16  2026-03-31  2026-04-10        0   91500        0  134810   134810  paid    CHARGEBACK_FEE_REVERSED=5000 CHARGEBACK_REVERSED=60000 RECEIVABLE_NETTED=-6711 RESERVE=-14979
sori     1  2026-02-05  2026-02-11  2026-02-13        0    7713        0    6170     6170  paid    RESERVE=-1543
sori     2  2026-02-12  2026-02-18  2026-02-20     6170   12855        0   10284    16454  paid    RESERVE=-2571
sori     3  2026-02-19  2026-02-25  2026-02-27    16454       0        0    3143     3143  issued  ADJUSTMENT_TO_SELLER=2000 PAYOUT_SENT=-16454 RESERVE=-400 RESERVE_RELEASED=1543
sori     4  2026-02-26  2026-03-04  2026-03-06     3143       0        0    2571     5714  issued  RESERVE_RELEASED=2571
sori     5  2026-03-05  2026-03-11  2026-03-13     5714       0        0     400     6114  issued  RESERVE_RELEASED=400
sori     6  2026-03-12  2026-03-18  2026-03-20     6114       0   -12855  -12855    -6741  issued
sori     7  2026-03-19  2026-03-25  2026-03-27    -6741       0        0    6741        0  issued  CLAWBACK_TO_RECEIVABLE=6741
`;

/*
 * The end, on the normal side of each account; those of 0 are left out. Debits and credits are 525536 each, a negative debit being a credit.
 *
 * PAID_OUT       hanbit 73524 + 25710 + 5999; baram 195198 + 134810; sori 16454
 * SHOP_CLEARING  what buyers paid, less refunds: hanbit 230330 - 100000; baram 389380 - 12345; sori 24000 - 15000
 * FEE_REVENUE    hanbit 10000 + 3233 + 3000 + 700 + 2000 + 4000 - 10000 = 12933; sori 900; baram 32048 less the 2911 of VAT in it
 * VAT_PAYABLE    hanbit V 1293 + GV 391; sori 90 + 27; baram 1545 + 381 - 95 + 231 + 77 + 772 = 2911
 * ADJUSTMENTS    goodwill 2000 to sori less the penalty of 9000 from hanbit
 * PG_COST        sellers bore hanbit 3910, sori 270
 */
export const BALANCES = {
  'PAID_OUT hanbit': 105_233,
  'SELLER_RECEIVABLE hanbit': 430,
  'PAID_OUT baram': 330_008,
  'PAID_OUT sori': 16_454,
  'SELLER_RESERVE baram': 14_979,
  SHOP_CLEARING: 516_365,
  PROMOTION_COST: 2_000,
  ADJUSTMENTS: -7_000,
  WRITE_OFF: 6_741,
  FEE_REVENUE: 42_970,
  VAT_PAYABLE: 4_712,
  PG_COST: -4_180,
};

/** Net of all settlements: 113803 of hanbit, 344987 of baram, 7713 of sori. */
export const NET = 466_503;
