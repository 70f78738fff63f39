/**
 * Scripts of `dist/bundle`, run with what V8 has already compiled of them. Compiling is most of what the start of a process or of a worker thread costs. `npm run build` keeps
 * what was compiled in files beside the script (scripts/code-cache.mjs); without such a file, or where it does not fit, the script is compiled as ever.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { constants, Script } from 'node:vm';

/**
 * The file with what was compiled of a script. V8 takes it only in the version, and with the flags, that made it: the name has the number of both.
 * V8 knows the script by its length alone: whoever changes the script deletes the file.
 * @param part of the program: one script may have a file for each part, with the code that this part needs
 */
export const compiledFile = (path: string, part?: string): string =>
  `${path}.${part === undefined ? '' : `${part}.`}${cachedDataVersionTag()}.compiled`;

/** Makes a script of a CommonJS file ready to run. `run` evaluates it anew and returns what it exports. */
export function readScript(path: string, part?: string): { readonly script: Script; readonly run: () => unknown } {
  // scripts/bundle.mjs leaves no character outside of ASCII.
  const source = readFileSync(path, 'latin1');
  const script = new Script(`(function (exports, require, module, __filename) {${source}\n})`, {
    filename: path,
    cachedData: compiledBefore(compiledFile(path, part)),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const run = (): unknown => {
    const module = { exports: {} };
    script.runInThisContext()(module.exports, createRequire(path), module, path);
    return module.exports;
  };
  return { script, run };
}

function compiledBefore(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/**
 * What a script exports by default. Under `--enable-source-maps` Node loads it, because it finds the source map of a script only then.
 * @param url of the script
 */
export function exportOf(url: URL, part?: string): unknown {
  const path = fileURLToPath(url);
  const exported = process.sourceMapsEnabled ? createRequire(path)(path) : readScript(path, part).run();
  return (exported as { readonly default: unknown }).default;
}
