/**
 * Scripts of `dist/bundle`, run with what V8 has already compiled of them. Compiling is most of what the start of a worker thread costs. `npm run build` keeps what was
 * compiled in a file beside the script (scripts/code-cache.mjs); without that file, or where it does not fit, the script is compiled as ever.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { constants, Script } from 'node:vm';

/**
 * The file with what was compiled of a script. V8 takes it only in the version, and with the flags, that made it: the name has the number of both.
 * V8 knows the script by its length alone: whoever changes the script deletes the file.
 */
export const compiledFile = (path: string): string => `${path}.${cachedDataVersionTag()}.compiled`;

/** Makes a script of a CommonJS file ready to run. `run` evaluates it and returns what it exports, and can be called once. */
export function readScript(path: string): { readonly script: Script; readonly run: () => unknown } {
  // Bundles have no character outside of ASCII.
  const source = readFileSync(path, 'latin1');
  const script = new Script(`(function (exports, require, module, __filename) {${source}\n})`, {
    filename: path,
    cachedData: compiledBefore(path),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const run = (): unknown => {
    const module = { exports: {} };
    script.runInThisContext()(module.exports, createRequire(path), module, path);
    return module.exports;
  };
  return { script, run };
}

function compiledBefore(path: string): Buffer | undefined {
  try {
    return readFileSync(compiledFile(path));
  } catch {
    return undefined;
  }
}

/** What a thread's script exports by default: its one function. @param url of the script */
export const threadOf = (url: URL): unknown =>
  (readScript(fileURLToPath(url)).run() as { readonly default: unknown }).default;
