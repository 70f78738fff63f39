import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { ACCESS_TOKEN_SECONDS, accessTokens, newRefreshToken } from '../../../core/accounts/access-token.js';

const KEY = 'a key that is long enough for a test of tokens';
const tokens = accessTokens(KEY);
const claims = { accountId: 7, sessionId: '7f7f7f7f-0000-4000-8000-000000000001' };
const secret = createSecretKey(KEY, 'utf8');
const refused = { code: 'TOKEN_INVALID' };

/** A token that is right except for the given fields. */
const forged = (payload: JWTPayload, header: { alg?: string; typ?: string } = {}): SignJWT =>
  new SignJWT({ sid: claims.sessionId, sub: '7', iss: 'magam', aud: 'magam-api', ...payload })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', ...header })
    .setIssuedAt()
    .setExpirationTime('5m');

describe('an access token', () => {
  it('says which account and session it is for', async () => {
    expect(await tokens.verify(await tokens.sign(claims))).toEqual(claims);
  });

  it('tells nothing of role or name', async () => {
    const [, payload = ''] = (await tokens.sign(claims)).split('.');
    const said = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    expect(Object.keys(said).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub']);
  });

  it('ends after 15 minutes', async () => {
    const made = new Date('2026-06-30T00:00:00Z');
    const token = await tokens.sign(claims, made);
    const later = (seconds: number): Date => new Date(made.getTime() + seconds * 1000);
    expect(ACCESS_TOKEN_SECONDS).toBe(900);
    expect(await tokens.verify(token, later(899))).toEqual(claims);
    await expect(tokens.verify(token, later(900))).rejects.toMatchObject(refused);
  });

  it('counts under a former key, and is signed with the current one', async () => {
    const NEW = 'another key that is long enough for a test';
    const both = accessTokens(NEW, ['one more key of long ago, long enough', KEY]);
    expect(await both.verify(await tokens.sign(claims))).toEqual(claims);
    expect(await accessTokens(NEW).verify(await both.sign(claims))).toEqual(claims);
    await expect(accessTokens(NEW).verify(await tokens.sign(claims))).rejects.toMatchObject(refused);
    const expired = await tokens.sign(claims, new Date('2026-06-30T00:00:00Z'));
    await expect(both.verify(expired)).rejects.toMatchObject(refused);
  });

  it('is refused when it is not ours', async () => {
    expect(await tokens.verify(await forged({}).sign(secret))).toEqual(claims); // the forger's tools work
    await expect(tokens.verify(await forged({}).sign(createSecretKey(`${KEY}!`, 'utf8')))).rejects.toMatchObject(
      refused,
    );
    await expect(tokens.verify(await forged({ iss: 'else' }).sign(secret))).rejects.toMatchObject(refused);
    await expect(tokens.verify(await forged({ aud: 'else' }).sign(secret))).rejects.toMatchObject(refused);
    await expect(tokens.verify(await forged({}, { typ: 'JWT' }).sign(secret))).rejects.toMatchObject(refused);
    await expect(tokens.verify(await forged({}, { alg: 'HS512' }).sign(secret))).rejects.toMatchObject(refused);
    await expect(tokens.verify(await forged({ sub: 'x' }).sign(secret))).rejects.toMatchObject(refused);
    await expect(tokens.verify(await forged({ sid: 5 }).sign(secret))).rejects.toMatchObject(refused);
    await expect(tokens.verify(await forged({ nbf: 4_000_000_000 }).sign(secret))).rejects.toMatchObject(refused);
  });

  it('is refused without a signature, and with that of another algorithm', async () => {
    const unsigned = new UnsecuredJWT({ sid: claims.sessionId }).setSubject('7').setIssuer('magam');
    await expect(
      tokens.verify(unsigned.setAudience('magam-api').setExpirationTime('5m').encode()),
    ).rejects.toMatchObject(refused);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await expect(tokens.verify(await forged({}, { alg: 'RS256' }).sign(privateKey))).rejects.toMatchObject(refused);
  });

  it('without an end is refused', async () => {
    const endless = new SignJWT({ sid: claims.sessionId, sub: '7', iss: 'magam', aud: 'magam-api' });
    const token = await endless.setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' }).sign(secret);
    await expect(tokens.verify(token)).rejects.toMatchObject(refused);
  });

  it.each(['', 'x', 'a.b.c', '..', 'eyJhbGciOiJub25lIn0.e30.', '\u0000', 'x'.repeat(10_000)])(
    'is refused when it is %j',
    async (token) => {
      await expect(tokens.verify(token)).rejects.toMatchObject(refused);
    },
  );
});

describe('a refresh token', () => {
  it('has 256 random bits', () => {
    const made = Array.from({ length: 100 }, newRefreshToken);
    expect(new Set(made).size).toBe(100);
    for (const token of made) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  });
});
