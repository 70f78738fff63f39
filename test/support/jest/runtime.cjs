/**
 * How jest loads modules for a test file. The product and the tests are evaluated anew for every file, as ever. Packages are loaded by Node itself, once
 * per worker: to link and evaluate them for every file took a quarter of the CPU time of all tests.
 */
const { pathToFileURL } = require('node:url');
const { compileFunction, SyntheticModule } = require('node:vm');
const { default: Runtime } = require('jest-runtime');

const PACKAGE = /[\\/]node_modules[\\/]/;

/** Packages that Node has loaded. @type {Map<string, Promise<object>>} */
const loaded = new Map();

/** @param {string} path */
function load(path) {
  const namespace = loaded.get(path) ?? import(pathToFileURL(path).href);
  loaded.set(path, namespace);
  return namespace;
}

class SharingRuntime extends Runtime {
  constructor(...args) {
    super(...args);
    const { esmLoader, executor } = this;
    const { loadEsmModule } = esmLoader;
    // A module without a context is one of the realm of the worker.
    esmLoader.getContext = () => undefined;
    esmLoader.loadEsmModule = (path, suffix) =>
      PACKAGE.test(path) ? this.#packageModule(path) : loadEsmModule.call(esmLoader, path, suffix);
    esmLoader.loadCjsAsEsm = (_from, path) => this.#packageModule(path);
    // Newer Nodes could link without waiting, which does not ask the methods above.
    this._resolution.hasDistinctAsyncResolver = () => true;
    executor.compile = (source, filename) => compileFunction(source, executor.injectedModuleParameters, { filename });
  }

  /** `process` is the real one: nothing of it is replaced. */
  installGetBuiltinModule() {}

  requireInternalModule(from, to) {
    if (to !== undefined) return require(require.resolve(to, { paths: [from] }));
    // jest's own start of a test file holds the tests of that file: each file has its own.
    delete require.cache[from];
    return require(from);
  }

  /** What Node has loaded, as a module that the product and the tests can be linked with. */
  async #packageModule(path) {
    const registry = this.registries.getActiveEsmRegistry();
    const known = registry.get(path);
    if (known !== undefined) return known;
    const made = this.#link(path);
    registry.set(path, made);
    return made;
  }

  async #link(path) {
    const namespace = await load(path);
    const names = Object.keys(namespace);
    const module = new SyntheticModule(
      names,
      function () {
        for (const name of names) this.setExport(name, namespace[name]);
      },
      { identifier: path },
    );
    await module.link(() => undefined);
    await module.evaluate();
    return module;
  }
}

module.exports = { __esModule: true, default: SharingRuntime };
