/**
 * The pages of the links in mails: GET /links/…. A page reads the token behind the `#` of its own address and sends it together with the typed text. So a program that only opens
 * the links of a mail does not use them up, and no log has the token.
 */
import { type Route, route } from '../../edge/route.js';

interface LinkPage {
  readonly name: string;
  readonly operationId: string;
  readonly title: string;
  readonly label: string;
  readonly field: 'password' | 'newPassword';
  readonly call: string;
  readonly done: string;
}

const pages: readonly LinkPage[] = [
  {
    name: 'prove-address',
    operationId: 'showAddressProofPage',
    title: '이메일 주소 확인 (prove your address)',
    label: '비밀번호 (the password of your account)',
    field: 'password',
    call: '/v1/address-proofs',
    done: '이메일 주소가 확인되었습니다. (Your address is proven.)',
  },
  {
    name: 'reset-password',
    operationId: 'showPasswordResetPage',
    title: '비밀번호 재설정 (new password)',
    label: '새 비밀번호, 12자 이상 (new password, at least 12 characters)',
    field: 'newPassword',
    call: '/v1/password-resets/completion',
    done: '비밀번호가 변경되었습니다. 다시 로그인해 주세요. (Your password is changed; now sign in.)',
  },
  {
    name: 'accept-invitation',
    operationId: 'showInvitationPage',
    title: '초대 수락 (accept the invitation)',
    label: '비밀번호, 12자 이상 (choose a password, at least 12 characters)',
    field: 'newPassword',
    call: '/v1/invitations/acceptance',
    done: '계정이 준비되었습니다. 로그인해 주세요. (Your account is ready; now sign in.)',
  },
];

const html = ({ title, label, field, call, done }: LinkPage): string => `<!doctype html>
<html lang="ko">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="referrer" content="no-referrer">
  <title>${title}</title>
</head>
<body>
  <main>
    <h1>${title}</h1>
    <form data-call="../${call.slice(1)}" data-field="${field}" data-done="${done}">
      <p><label>${label}<br><input type="password" required autofocus autocomplete="${field === 'password' ? 'current' : 'new'}-password"></label></p>
      <p><button>확인 (OK)</button></p>
    </form>
    <p role="status"></p>
  </main>
  <script src="start.js"></script>
</body>
</html>
`;

const SCRIPT = `const form = document.querySelector('form');
const status = document.querySelector('[role=status]');
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const body = { token: location.hash.slice(1), [form.dataset.field]: form.querySelector('input').value };
  try {
    const answer = await fetch(form.dataset.call, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.ok) form.remove();
    status.textContent = answer.ok ? form.dataset.done : (await answer.json()).title;
  } catch {
    status.textContent = '서버에 연결할 수 없습니다. (The server cannot be reached.)';
  }
});
`;

const served = (path: string, operationId: string, summary: string, contentType: string, text: string): Route =>
  route({
    method: 'get',
    path,
    operationId,
    tag: 'Accounts',
    summary,
    permission: 'session.open',
    answer: { status: 200, description: 'The page.', contentType },
    handle: async () => ({
      status: 200,
      contentType: `${contentType}; charset=utf-8`,
      write: async (out) => void out.write(text),
    }),
  });

export const linkPages = (): Route[] => [
  ...pages.map((page) =>
    served(`/links/${page.name}`, page.operationId, `Show the page: ${page.title}`, 'text/html', html(page)),
  ),
  served('/links/start.js', 'readLinkScript', 'Get the script of these pages', 'text/javascript', SCRIPT),
];
