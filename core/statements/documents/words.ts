/** The words of a statement's documents, in Korean and in English. */
import type { TransactionKind } from '../../ledger/rules/posting-rules.js';
import type { NotPaidReason } from '../rules/not-paid.js';
import type { StatementState } from '../rules/statement.js';

export const LANGUAGES = ['ko', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Kinds of transactions that have a name here; the others do not move what a seller is owed. */
type ShownKind = Extract<
  TransactionKind,
  | 'ADJUSTMENT_TO_SELLER'
  | 'ADJUSTMENT_FROM_SELLER'
  | 'CHARGEBACK'
  | 'CHARGEBACK_FEE'
  | 'CHARGEBACK_REVERSED'
  | 'CHARGEBACK_FEE_REVERSED'
  | 'CLAWBACK_FROM_RESERVE'
  | 'CLAWBACK_TO_RECEIVABLE'
  | 'RECEIVABLE_NETTED'
  | 'RESERVE'
  | 'RESERVE_RELEASED'
  | 'ROUNDING'
  | 'REVERSAL'
  | 'PAYOUT_SENT'
  | 'PAYOUT_FAILED'
  | 'PAYOUT_RETURNED'
>;

const ko = {
  title: '정산서',
  entry: '항목',
  content: '내용',
  draft: '미리보기 (확정 전)',
  platform: '플랫폼',
  seller: '판매자',
  sellerId: '판매자 ID',
  businessNumber: '사업자등록번호',
  notRegistered: '등록되지 않음',
  number: '정산서 번호',
  period: '정산 기간',
  payoutOn: '지급 예정일',
  paidOn: '지급일',
  terms: '정산 조건',
  termsVersion: (version: number, own: boolean) => `${own ? '판매자' : '공통'} 조건 버전 ${version}`,
  calendar: '영업일 달력',
  calendarVersion: (version: number) => `버전 ${version}`,
  currency: '통화',
  status: '상태',
  states: { draft: '미리보기', issued: '확정', paid: '지급 완료' } satisfies Record<StatementState, string>,
  issuedAt: '확정 시각',
  settled: '정산 내역',
  sales: '판매',
  refunds: '환불',
  sum: '합계',
  entries: '건수',
  itemAmount: '상품 금액',
  sellerDiscount: '할인 (판매자 부담)',
  shippingFee: '배송비',
  fee: '판매 수수료',
  feeVatOnTop: '수수료 부가세 (별도)',
  pgFee: 'PG 수수료',
  pgFeeVat: 'PG 수수료 부가세',
  net: '정산 금액',
  alsoShown: '참고 (정산 금액에 영향 없음)',
  platformDiscount: '할인 (플랫폼 부담)',
  buyerPaid: '구매자 결제 금액',
  feeVatContained: '수수료에 포함된 부가세',
  balance: '잔액',
  opening: '기초 잔액 (이월)',
  settlementsNet: '정산 금액',
  earned: '이번 기간 발생액 (지급 대상)',
  payouts: '지급',
  closing: '기말 잔액 (다음 기간으로 이월)',
  notPaid: '지급되지 않은 사유',
  reasons: {
    SELLER_NOT_REGISTERED: '판매자가 등록되지 않았습니다.',
    BANK_ACCOUNT_MISSING: '지급할 수 있는 계좌가 없습니다.',
    ON_HOLD: '지급이 보류되어 있습니다.',
    DATE_NOT_REACHED: '지급 예정일이 되지 않았습니다.',
    NEGATIVE_BALANCE: '지급할 금액이 없습니다.',
    BELOW_MINIMUM: '최소 지급 금액보다 적어 다음 기간으로 이월됩니다.',
  } satisfies Record<NotPaidReason, string>,
  kinds: {
    ADJUSTMENT_TO_SELLER: '조정 (지급)',
    ADJUSTMENT_FROM_SELLER: '조정 (차감)',
    CHARGEBACK: '지불 거절 (차지백)',
    CHARGEBACK_FEE: '차지백 수수료',
    CHARGEBACK_REVERSED: '차지백 취소',
    CHARGEBACK_FEE_REVERSED: '차지백 수수료 취소',
    CLAWBACK_FROM_RESERVE: '유보금에서 환수',
    CLAWBACK_TO_RECEIVABLE: '미수금으로 전환',
    RECEIVABLE_NETTED: '미수금 상계',
    RESERVE: '유보금 적립',
    RESERVE_RELEASED: '유보금 해제',
    ROUNDING: '단수 차이',
    REVERSAL: '취소 거래',
    PAYOUT_SENT: '지급',
    PAYOUT_FAILED: '지급 실패',
    PAYOUT_RETURNED: '지급 반송',
  } satisfies Record<ShownKind, string>,
  settlements: '일별 정산',
  transactions: '기타 거래',
  settledOn: '정산일',
  generation: '차수',
  discount: '할인',
  fees: '수수료',
  vat: '부가세',
  pg: 'PG',
  date: '일자',
  transactionId: '거래 번호',
  kind: '구분',
  reason: '사유',
  amount: '금액',
  nothing: '내역이 없습니다.',
  page: (at: number, of: number) => `${at} / ${of} 쪽`,
  hash: '해시 (SHA-256)',
};

/** The texts of a document in one language. */
export type Words = typeof ko;

const en: Words = {
  title: 'Statement',
  entry: 'Entry',
  content: 'Content',
  draft: 'Preview (not issued)',
  platform: 'Platform',
  seller: 'Seller',
  sellerId: 'Seller id',
  businessNumber: 'Business number',
  notRegistered: 'not registered',
  number: 'Statement number',
  period: 'Period',
  payoutOn: 'Payout date',
  paidOn: 'Paid on',
  terms: 'Terms',
  termsVersion: (version, own) => `version ${version} of ${own ? 'the seller' : 'all sellers'}`,
  calendar: 'Calendar',
  calendarVersion: (version) => `version ${version}`,
  currency: 'Currency',
  status: 'Status',
  states: { draft: 'preview', issued: 'issued', paid: 'paid' },
  issuedAt: 'Issued at',
  settled: 'Settled',
  sales: 'Sales',
  refunds: 'Refunds',
  sum: 'Sum',
  entries: 'Entries',
  itemAmount: 'Item amount',
  sellerDiscount: 'Discounts paid by the seller',
  shippingFee: 'Shipping',
  fee: 'Fees',
  feeVatOnTop: 'VAT on top of fees',
  pgFee: 'PG fees',
  pgFeeVat: 'VAT on PG fees',
  net: 'Net to the seller',
  alsoShown: 'For information (no effect on the net)',
  platformDiscount: 'Discounts paid by the platform',
  buyerPaid: 'Paid by buyers',
  feeVatContained: 'VAT contained in fees',
  balance: 'Balance',
  opening: 'Opening balance (carried over)',
  settlementsNet: 'Net of settlements',
  earned: 'Earned in the period (to be paid)',
  payouts: 'Payouts',
  closing: 'Closing balance (carried forward)',
  notPaid: 'Why this is not paid',
  reasons: {
    SELLER_NOT_REGISTERED: 'The seller is not registered.',
    BANK_ACCOUNT_MISSING: 'No bank account is ready for payouts.',
    ON_HOLD: 'Payouts are on hold.',
    DATE_NOT_REACHED: 'The payout date has not come yet.',
    NEGATIVE_BALANCE: 'There is nothing to be paid.',
    BELOW_MINIMUM: 'The amount is below the minimum payout and is carried forward.',
  },
  kinds: {
    ADJUSTMENT_TO_SELLER: 'Adjustment to the seller',
    ADJUSTMENT_FROM_SELLER: 'Adjustment from the seller',
    CHARGEBACK: 'Chargeback',
    CHARGEBACK_FEE: 'Chargeback fee',
    CHARGEBACK_REVERSED: 'Chargeback reversed',
    CHARGEBACK_FEE_REVERSED: 'Chargeback fee reversed',
    CLAWBACK_FROM_RESERVE: 'Clawback from the reserve',
    CLAWBACK_TO_RECEIVABLE: 'Moved to receivable',
    RECEIVABLE_NETTED: 'Receivable netted',
    RESERVE: 'Kept in reserve',
    RESERVE_RELEASED: 'Released from reserve',
    ROUNDING: 'Rounding',
    REVERSAL: 'Reversal',
    PAYOUT_SENT: 'Payout',
    PAYOUT_FAILED: 'Payout failed',
    PAYOUT_RETURNED: 'Payout returned',
  },
  settlements: 'Settlements by date',
  transactions: 'Other transactions',
  settledOn: 'Settled on',
  generation: 'Gen.',
  discount: 'Discounts',
  fees: 'Fees',
  vat: 'VAT',
  pg: 'PG',
  date: 'Date',
  transactionId: 'Transaction',
  kind: 'Kind',
  reason: 'Reason',
  amount: 'Amount',
  nothing: 'There are none.',
  page: (at, of) => `Page ${at} of ${of}`,
  hash: 'Hash (SHA-256)',
};

export const words: Readonly<Record<Language, Words>> = { ko, en };

/** The name of a kind of transaction; one that has none is shown by its code. */
export const kindName = (text: Words, kind: TransactionKind): string =>
  (text.kinds as Readonly<Partial<Record<TransactionKind, string>>>)[kind] ?? kind;
