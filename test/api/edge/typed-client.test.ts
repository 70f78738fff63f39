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
/** What the compiler says of the program beside the types, and of `wrong.ts`, which has faults. */
let faults: string[];

beforeAll(async () => {
  operating = await Operating.create(await createSmallDay());
  folder = mkdtempSync(join(tmpdir(), 'magam-client-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const compilerOptions = { strict: true, target: 'es2022', module: 'nodenext', types: ['node'], skipLibCheck: true };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const types = await openapiTypes(new URL(`${operating.api.url}/openapi.json`), { defaultNonNullable: false });
  writeFileSync(join(folder, 'magam.ts'), astToString(types));
  writeFileSync(join(folder, 'client.ts'), program);
  const wrong = program
    .replace("'/v1/settlements.csv'", "'/v1/settlements.pdf'")
    .replace("kind: 'PERCENT'", "kind: 'HALF'")
    .replace('{ email,', '{ mail: email,');
  writeFileSync(join(folder, 'wrong.ts'), wrong);
  // Both at once, because the compiler reads the types for seconds. It compiles what has faults, too.
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const said = await run(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder }).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
  faults = said.split(/\n(?! )/).filter((fault) => fault !== '');
}, 120_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await operating?.end();
});

it('signs in, lists, makes something once, and downloads a CSV', async () => {
  expect(program).not.toBe('');
  expect(faults.filter((fault) => !fault.startsWith('wrong.ts('))).toEqual([]);
  const { email } = await makeAccount(operating.database.db, 'operator');
  const env = { ...process.env, API_URL: operating.api.url, API_EMAIL: email, API_PASSWORD: PASSWORD };
  const { stdout } = await run(process.execPath, [join(folder, 'client.js'), SMALL_DAY], { env });
  const csv = await operating.magam('settlements', '--date', SMALL_DAY);
  expect(stdout).toContain(csv);
  expect(stdout).toMatch(/^settlements: S1, S1, S2$/m);
  expect(stdout).toMatch(/^made promotion 1, replayed: true$/m);
}, 120_000);

it('does not compile against a call, a field or a parameter that there is not', () => {
  const found = faults.filter((fault) => fault.startsWith('wrong.ts(')).join('\n');
  expect(found).toMatch(/settlements\.pdf/);
  expect(found).toMatch(/HALF/);
  expect(found).toMatch(/mail/);
});
