/** The demands of a schema in Korean: the sentences of `plain-words.ts` and of the fields that buyers and sellers fill in. */

const KINDS: Readonly<Record<string, string>> = {
  'a string': '문자열이어야',
  'a number': '숫자여야',
  'a whole number': '정수여야',
  'true or false': 'true 또는 false여야',
  'an array': '배열이어야',
  'an object': '객체여야',
  null: 'null이어야',
};

const UNITS: Readonly<Record<string, string>> = {
  character: '자',
  characters: '자',
  item: '개',
  items: '개',
};

const unit = (name: string | undefined): string => (name === undefined ? '' : (UNITS[name] ?? ''));

type Rule = readonly [pattern: RegExp, korean: (...found: string[]) => string];

const RULES: readonly Rule[] = [
  [/^is missing$|^is required\b/, () => '필수 항목입니다'],
  [/^is not known here$/, () => '알 수 없는 항목입니다'],
  [/^is not taken by this call$/, () => '이 요청에서 사용할 수 없습니다'],
  [
    /^must be (a string|a number|a whole number|true or false|an array|an object|null)$/,
    (kind = '') => `${KINDS[kind]} 합니다`,
  ],
  [/^must be a positive whole number$/, () => '1 이상의 정수여야 합니다'],
  [/^must be a whole number from (\d+) to (\d+)$/, (from, to) => `${from} 이상 ${to} 이하의 정수여야 합니다`],
  [/^must (?:be|have) at least (\S+)(?: (\w+))?$/, (bound, of) => `${bound}${unit(of)} 이상이어야 합니다`],
  [/^must (?:be|have) more than (\S+)(?: (\w+))?$/, (bound, of) => `${bound}${unit(of)}보다 커야 합니다`],
  [/^must (?:be|have) at most (\S+)(?: (\w+))?$/, (bound, of) => `${bound}${unit(of)} 이하여야 합니다`],
  [/^must (?:be|have) less than (\S+)(?: (\w+))?$/, (bound, of) => `${bound}${unit(of)}보다 작아야 합니다`],
  [/^must be one of the values that \/openapi\.json lists$/, () => '허용된 형식 중 하나여야 합니다'],
  [/^must be one of (.+)$/, (values) => `다음 중 하나여야 합니다: ${values}`],
  [/^must be (".+"|\d+)$/, (value) => `${value}만 사용할 수 있습니다`],
  [/^must be a multiple of (\S+)$/, (step) => `${step}의 배수여야 합니다`],
  [/^must be a date written YYYY-MM-DD$/, () => 'YYYY-MM-DD 형식의 날짜여야 합니다'],
  [/^must be a web address$/, () => '올바른 웹 주소여야 합니다'],
  [/^must be a UUID$/, () => 'UUID 형식이어야 합니다'],
  [/^must be a moment in ISO 8601$/, () => 'ISO 8601 형식의 시각이어야 합니다'],
  [/^is not written as \/openapi\.json describes it$/, () => '형식이 올바르지 않습니다'],
  [/^must be a day of the calendar\b/, () => 'YYYY-MM-DD 형식의 날짜여야 합니다'],
  [/^must be an e-mail address$/, () => '올바른 이메일 주소를 입력해 주세요'],
  [/^must be a telephone number\b/, () => '전화번호는 숫자, 공백, 하이픈(-)으로 입력해 주세요'],
  [/^must name each (?:unit|line) once$/, () => '같은 항목을 두 번 이상 지정할 수 없습니다'],
  [/^must be an address that begins with\b/, () => 'http:// 또는 https://로 시작하는 주소여야 합니다'],
  [/^must begin with https:\/\/$/, () => 'https://로 시작하는 주소여야 합니다'],
  [/^must not have a user or a password$/, () => '주소에 사용자 이름이나 비밀번호를 넣을 수 없습니다'],
  [/^must be at an origin that the platform allows$/, () => '허용되지 않은 주소입니다'],
  [/^must be the name of a provider\b/, () => '결제사 이름은 16자 이하의 영문자여야 합니다'],
  [/^does not belong to this provider$/, () => '이 결제사의 승인 정보가 아닙니다'],
];

/** The sentence in Korean. An unknown sentence keeps its English words behind a Korean one. */
export function inKorean(message: string): string {
  for (const [pattern, korean] of RULES) {
    const found = pattern.exec(message);
    if (found !== null) return korean(...found.slice(1));
  }
  return `올바르지 않은 값입니다 (${message})`;
}
