/** The client of docs/http-api.md: its types are made from the OpenAPI document, it compiles against them, and it works on a server. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import openapiTypes, { astToString } from 'openapi-typescript';
import { makeAccount, PASSWORD } from '../../support/accounts.js';
import { Operating } from '../../support/operating.js';
import { createSmallDay, SMALL_DAY } from '../../support/small-day.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

/** The program of the page. */
const [, program = ''] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(root, 'docs/http-api.md'), 'utf8')) ?? [];

let operating: Operating;
let folder: string;

beforeAll(async () => {
  operating = await Operating.create(await createSmallDay());
  folder = mkdtempSync(join(tmpdir(), 'magam-client-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const compilerOptions = { strict: true, target: 'es2022', module: 'nodenext', types: ['node'], skipLibCheck: true };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const types = await openapiTypes(new URL(`${operating.api.url}/openapi.json`), { defaultNonNullable: false });
  writeFileSync(join(folder, 'magam.ts'), astToString(types));
}, 60_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await operating?.end();
});

/** What the compiler says of a program beside the types. */
async function compile(text: string): Promise<string> {
  writeFileSync(join(folder, 'client.ts'), text);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return run(process.execPath, [tsc, '-p', folder]).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
}

it('signs in, lists, makes something once, and downloads a CSV', async () => {
  expect(program).not.toBe('');
  expect(await compile(program)).toBe('');
  const { email } = await makeAccount(operating.database.db, 'operator');
  const env = { ...process.env, API_URL: operating.api.url, API_EMAIL: email, API_PASSWORD: PASSWORD };
  const { stdout } = await run(process.execPath, [join(folder, 'client.js'), SMALL_DAY], { env });
  const csv = await operating.magam('settlements', '--date', SMALL_DAY);
  expect(stdout).toContain(csv);
  expect(stdout).toMatch(/^settlements: S1, S1, S2$/m);
  expect(stdout).toMatch(/^made promotion 1, replayed: true$/m);
}, 120_000);

it('does not compile against a call, a field or a parameter that there is not', async () => {
  const wrong = program
    .replace("'/v1/settlements.csv'", "'/v1/settlements.pdf'")
    .replace("kind: 'PERCENT'", "kind: 'HALF'")
    .replace('{ email,', '{ mail: email,');
  const faults = await compile(wrong);
  expect(faults).toMatch(/settlements\.pdf/);
  expect(faults).toMatch(/HALF/);
  expect(faults).toMatch(/mail/);
}, 120_000);
