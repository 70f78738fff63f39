/** The texts of the mails about accounts: Korean, with English below. */
import type { LinkPurpose } from '../../../core/accounts/stores/one-time-link.js';
import type { BankAccountRecord } from '../../../core/accounts/stores/seller-bank-account.js';
import type { EventOf } from '../../../core/outbox/rules/events.js';

export interface Letter {
  readonly subject: string;
  readonly text: string;
}

const lines = (...texts: readonly string[]): string => `${texts.join('\n')}\n`;

/** A mail with a link. @param until when an invitation ends (ISO 8601, UTC) */
export function linkMail(purpose: LinkPurpose, link: string, until = ''): Letter {
  switch (purpose) {
    case 'PROVE':
      return {
        subject: '이메일 주소를 확인해 주세요 (prove your address)',
        text: lines(
          '24시간 안에 아래 링크를 열고 가입할 때 정한 비밀번호를 입력해 주세요.',
          link,
          '가입하신 적이 없다면 이 메일을 무시하시거나, 비밀번호 재설정으로 계정을 넘겨받으실 수 있습니다.',
          '',
          'Open the link within 24 hours and type the password with which you signed up.',
          'If you did not sign up, ignore this mail, or take the account over by asking for a new password.',
        ),
      };
    case 'RESET':
      return {
        subject: '비밀번호 재설정 (new password)',
        text: lines(
          '1시간 안에 아래 링크를 열고 새 비밀번호를 정해 주세요. 요청하신 적이 없다면 이 메일을 무시해 주세요.',
          link,
          '',
          'Open the link within an hour and choose a new password. If you did not ask for one, ignore this mail.',
        ),
      };
    case 'INVITE':
      return {
        subject: '초대장이 도착했습니다 (invitation)',
        text: lines(
          `아래 링크를 열고 비밀번호를 정해 주세요. 링크는 ${until}까지 유효합니다.`,
          link,
          '',
          `Open the link and choose a password. The link is valid until ${until}.`,
        ),
      };
  }
}

const CHANGES = {
  SECOND_FACTOR_ON: ['2단계 인증이 설정되었습니다.', 'A second factor was turned on for your account.'],
  SECOND_FACTOR_OFF: ['2단계 인증이 해제되었습니다.', 'The second factor of your account was removed.'],
  RECOVERY_CODES: ['복구 코드가 새로 발급되었습니다.', 'Your account has new recovery codes.'],
  PASSWORD_RESET: ['비밀번호가 재설정되었습니다.', 'The password of your account was changed with a link in a mail.'],
} as const;

const NOT_YOU = [
  '본인이 하신 일이 아니라면 바로 비밀번호를 재설정하고 운영자에게 알려 주세요.',
  'If this was not you, set a new password at once and tell the operator.',
] as const;

/** A notice that the sign-in of an account was changed. */
export function securityMail(change: keyof typeof CHANGES): Letter {
  const [korean, english] = CHANGES[change];
  return {
    subject: '계정 보안 설정이 변경되었습니다 (account security)',
    text: lines(korean, NOT_YOU[0], '', english, NOT_YOU[1]),
  };
}

/** A notice of a one-time password, for its account and for all admins. */
export const oneTimePasswordMail = (email: string, givenBy: string, apiKeysRevoked: number): Letter => ({
  subject: '일회용 비밀번호가 발급되었습니다 (one-time password)',
  text: lines(
    `관리자 ${givenBy}이(가) 계정 ${email}에 일회용 비밀번호를 발급했습니다. 기존 로그인은 모두 종료되었고, API 키 ${apiKeysRevoked}개가 폐기되었습니다.`,
    '요청하신 적이 없거나 모르는 일이라면 바로 다른 관리자에게 알려 주세요.',
    '',
    `The admin ${givenBy} gave the account ${email} a password for one sign-in. It was signed out everywhere, and ${apiKeysRevoked} of its API keys were revoked.`,
    'If nobody asked for this, tell another admin at once.',
  ),
});

/** A notice that a webhook endpoint was disabled. */
export const webhookDisabledMail = ({ endpointId, host, error }: EventOf<'webhook.disabled'>['payload']): Letter => ({
  subject: '웹훅 전송이 중단되었습니다 (webhook disabled)',
  text: lines(
    `${host}(으)로 보내는 웹훅(번호 ${endpointId})이 오랫동안 전달되지 않아 중단되었습니다. 수신 서버를 확인한 뒤 다시 켜 주세요.`,
    `마지막 오류: ${error}`,
    '',
    `Nothing could be delivered to your webhook endpoint ${endpointId} (${host}) for too long, so it was disabled. Repair its receiver, then enable it again: it continues after the last event that was delivered.`,
    `Last error: ${error}`,
  ),
});

/** A notice of a bank account that was proposed or approved. */
export function bankAccountMail(
  type: 'seller.bank-account-proposed' | 'seller.bank-account-approved',
  { sellerId, bankCode, masked, payoutFrom }: BankAccountRecord,
): Letter {
  const account = `${bankCode} ${masked}`;
  if (type === 'seller.bank-account-proposed')
    return {
      subject: '정산 계좌 변경이 신청되었습니다 (bank account proposed)',
      text: lines(
        `판매자 ${sellerId}의 정산 계좌를 ${account}(으)로 변경하는 신청이 접수되었습니다. 승인되면 알려 드립니다.`,
        NOT_YOU[0],
        '',
        `Somebody proposed ${account} as the account to which seller ${sellerId} is paid. You will get a mail when it is approved.`,
        NOT_YOU[1],
      ),
    };
  return {
    subject: '정산 계좌가 변경되었습니다 (bank account changed)',
    text: lines(
      `판매자 ${sellerId}의 정산 계좌가 ${account}(으)로 변경되었습니다. 첫 지급은 ${payoutFrom} 이후에 이루어집니다.`,
      NOT_YOU[0],
      '',
      `Seller ${sellerId} is paid to ${account} from now on; the first payout comes after ${payoutFrom}.`,
      NOT_YOU[1],
    ),
  };
}
