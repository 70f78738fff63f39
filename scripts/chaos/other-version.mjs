/** A second program beside the one of this checkout: the next version, whose rules have the next number, as during a rolling update. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../script.mjs';

/** In the form of the bundle, which has no white space. */
const OWN = /\bRULES_VERSION=1\b/;
const KNOWN = /new Map\(\[\[RULES_VERSION,currentRules\]\]\)/;

/**
 * Copies the built program and gives its rules the number 2; those of number 1 are known to it, too, so that it verifies what the older one certified.
 * @returns {{ program: string, remove: () => void }} the file to run with Node
 */
export function makeNewerProgram() {
  const folder = mkdtempSync(join(root, '.magam/chaos-newer-')); // inside the checkout, so that packages are found
  const bundle = join(folder, 'dist/bundle');
  mkdirSync(bundle, { recursive: true });
  // Without what was compiled of the unchanged scripts.
  cpSync(join(root, 'dist/bundle'), bundle, { recursive: true, filter: (path) => !path.endsWith('.compiled') });
  cpSync(join(root, 'sql'), join(folder, 'sql'), { recursive: true });
  const changed = readdirSync(bundle).filter((name) => {
    const text = /\.c?js$/.test(name) ? readFileSync(join(bundle, name), 'utf8') : '';
    if (!OWN.test(text) || !KNOWN.test(text)) return false;
    const newer = text.replace(OWN, 'RULES_VERSION=2');
    writeFileSync(join(bundle, name), newer.replace(KNOWN, 'new Map([[1,currentRules],[RULES_VERSION,currentRules]])'));
    return true;
  });
  // Once for the commands, once for their threads.
  if (changed.length !== 2) throw new Error('the version of the rules is not where it was in the built program');
  const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ type: 'module', version: `${description.version}-next` }),
  );
  return { program: join(bundle, 'main.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
