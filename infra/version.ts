/** The program's name and version, as certificates record them. */
import { readFileSync } from 'node:fs';

/** The root of the package: this is `infra/version.ts`, or a file in a folder of `dist`. */
const root = new URL(import.meta.url.includes('/dist/') ? '../../' : '../', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };

/** Name and version. */
export const PROGRAM = `magam ${version}`;
