/** Refusals in Korean for clients that ask for it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errors } from '../../../kernel/errors.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type Document, type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
let operator: TestAccount;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  operator = await makeAccount(database.db, 'operator');
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const inLanguage = (language: string | undefined) =>
  language === undefined ? {} : { headers: { 'Accept-Language': language } };
const me = (language?: string) => api.call('GET', '/v1/me', inLanguage(language));

describe('a problem', () => {
  it('is told in Korean, and says so', async () => {
    const { status, body, headers } = await me('ko');
    expect({ status, code: body.code }).toEqual({ status: 401, code: 'SIGN_IN_REQUIRED' });
    expect({ title: body.title, detail: body.detail }).toEqual({
      title: '로그인이 필요합니다.',
      detail: '로그인이 필요합니다.',
    });
    expect(headers.get('content-language')).toBe('ko');
    expect(headers.get('vary')).toBe('Accept-Language, Accept-Encoding');
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it.each([
    ['ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7', 'ko'],
    ['en;q=0.5, ko;q=0.9', 'ko'],
    ['fr, ko;q=0.1', 'ko'],
    ['en, ko;q=0.9', 'en'],
    ['ko;q=0, en', 'en'],
    ['ko;q=0', 'en'],
    ['fr', 'en'],
    ['*', 'en'],
    [';;q=,', 'en'],
    [undefined, 'en'],
  ] as const)('for Accept-Language %s is told in %s', async (asked, language) => {
    const { body, headers } = await me(asked);
    expect(headers.get('content-language')).toBe(language);
    expect(body.title).toBe(errors.SIGN_IN_REQUIRED[language === 'ko' ? 'ko' : 'meaning']);
    expect(headers.get('vary')).toMatch(/accept-language/i);
  });

  it('without a Korean sentence is told in English, and says so', async () => {
    const answer = await api.call('GET', '/v1/verifications/99', { token: operator.token, ...inLanguage('ko') });
    expect(answer.body).toMatchObject({ code: 'VERIFICATION_NOT_FOUND', title: errors.VERIFICATION_NOT_FOUND.meaning });
    expect(answer.headers.get('content-language')).toBe('en');
  });

  it('names the places of a wrong request in Korean', async () => {
    const ask = (language: string) =>
      api.call('POST', '/v1/categories', {
        token: operator.token,
        body: { name: '' },
        headers: { 'Accept-Language': language },
      });
    const [korean, english] = [(await ask('ko')).body.errors, (await ask('en')).body.errors];
    expect(korean).toEqual([{ in: 'body', pointer: '#/name', message: '1자 이상이어야 합니다' }]);
    expect(english).toEqual([{ in: 'body', pointer: '#/name', message: 'must have at least 1 character' }]);
  });

  it('that is kept under a key is told again as it was', async () => {
    const ask = (language: string, key?: string) =>
      api.call('POST', '/v1/categories', {
        token: operator.token,
        body: { name: 'Hats', parentId: null },
        headers: { 'Accept-Language': language, ...(key === undefined ? {} : { 'Idempotency-Key': key }) },
      });
    await ask('en');
    const first = await ask('ko', 'hats');
    expect(first.body).toMatchObject({ code: 'CATEGORY_EXISTS', title: errors.CATEGORY_EXISTS.ko });
    const again = await ask('en', 'hats');
    expect(again.text).toBe(first.text);
    expect(again.headers.get('content-language')).toBe('ko');
  });
});

it('an answer that is no failure is the same in every language', async () => {
  const [english, korean] = [
    await api.call('GET', '/v1/categories', inLanguage('en')),
    await api.call('GET', '/v1/categories', inLanguage('ko')),
  ];
  expect(korean.text).toBe(english.text);
  expect(korean.headers.get('etag')).toBe(english.headers.get('etag'));
  expect(korean.headers.get('vary') ?? '').not.toMatch(/language/i);
});

describe('Korean sentences of the registry', () => {
  const korean = Object.entries(errors).flatMap(([code, { ko }]) => (ko === undefined ? [] : [[code, ko] as const]));

  it.each(korean)('%s: is Hangul and a sentence: %s', (_code, ko) => {
    expect(ko).toMatch(/^[^\s].*\p{Script=Hangul}\.$/u);
    expect(ko).not.toMatch(/\.\.|\s{2}|[\u3002\uff0e]/);
  });

  it('are there for every code that a buyer or a seller can meet', async () => {
    const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as Document;
    const met = new Set<string>();
    for (const operations of Object.values(document.paths))
      for (const operation of Object.values(operations)) {
        if (!/For everybody|buyer \(|seller \(/.test(JSON.stringify(operation))) continue;
        for (const [code] of JSON.stringify(operation.responses).matchAll(/(?<=`)[A-Z]+(?:_[A-Z]+)*(?=`: )/g))
          met.add(code);
      }
    expect(met.size).toBeGreaterThan(60);
    expect([...met].filter((code) => errors[code as keyof typeof errors]?.ko === undefined).toSorted()).toEqual([]);
  });
});
