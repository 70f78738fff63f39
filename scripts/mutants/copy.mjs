/** A copy of the checkout in which one file at a time is changed; the working tree is never touched. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { transformSync } from '@swc/core';
import { root } from '../script.mjs';

const LEFT_OUT = new Set(['.git', '.magam', 'node_modules']);

export class Copy {
  /** The bundle holds a change that was taken back in the sources. */
  #bundleChanged = false;
  folder = mkdtempSync(join(tmpdir(), 'magam-mutants-'));

  constructor() {
    // With their times, by which `magam doctor` tells whether the program is older than its sources.
    cpSync(root, this.folder, {
      recursive: true,
      preserveTimestamps: true,
      filter: (path) => !LEFT_OUT.has(relative(root, path)),
    });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
    this.#stamp();
  }

  /**
   * Changes the file, runs `work`, puts the file back. Undefined, without running it, when the text is not in the file exactly once.
   * Jest reads the sources; processes and threads that the tests start run the compiled and bundled code.
   * @template T
   * @param {import('./list.mjs').Mutant} mutant
   * @param {() => Promise<T>} work
   * @returns {Promise<T | undefined>}
   */
  async whileChanged({ file, from, to, quick = false, equivalent }, work) {
    const text = readFileSync(join(this.folder, file), 'utf8');
    if (text.split(from).length !== 2) return undefined;
    const change = text.replace(from, () => to);
    this.#write(file, change);
    if (!quick && equivalent === undefined) this.#bundle(file);
    try {
      return await work();
    } finally {
      this.#write(file, text);
    }
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * @param {string} file
   * @param {string} text
   */
  #write(file, text) {
    writeFileSync(join(this.folder, file), text);
    if (!file.endsWith('.ts')) return;
    const { code } = transformSync(text, {
      filename: file,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'es6' },
    });
    writeFileSync(join(this.folder, 'dist', file.replace(/\.ts$/, '.js')), code);
    this.#stamp();
  }

  /** The program is as new as its sources: `magam doctor` looks at their times. */
  #stamp() {
    const later = new Date(Date.now() + 1_000);
    utimesSync(join(this.folder, 'dist/.built'), later, later);
  }

  /**
   * Bundles the change of this file. It stays in the bundle until the next mutant needs one: bundling takes as long as many of the tests.
   * @param {string} file
   */
  #bundle(file) {
    const changes = file.endsWith('.ts');
    if (!changes && !this.#bundleChanged) return;
    const { status, stderr } = spawnSync(process.execPath, [join(this.folder, 'scripts/bundle.mjs')], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the change of ${file} cannot be bundled: ${stderr}`);
    this.#bundleChanged = changes;
  }
}
