/**
 * How jest loads modules for a test file. The product and the tests are evaluated anew for every file, as ever. What is the same for all files is done once
 * per worker: Node itself loads the packages, and a source is read, stripped of its types and looked for once. Before, loading took a
 * quarter of the CPU time of all tests.
 */
const { statSync } = require('node:fs');
const { pathToFileURL } = require('node:url');
const { compileFunction, SourceTextModule, SyntheticModule } = require('node:vm');
const { default: Runtime } = require('jest-runtime');

const PACKAGE = /[\\/]node_modules[\\/]/;
const SOURCE = /\.ts$/;
/** The map is kept beside the code; as a part of it, it is read by every compilation. */
const SOURCE_MAP = /^\/\/# sourceMappingURL=data:\S*$/gm;
/** What the syntax of a source may be, as jest tells its transformer. */
const ESM = {
  isInternalModule: false,
  supportsDynamicImport: true,
  supportsExportNamespaceFrom: true,
  supportsStaticESM: true,
  supportsTopLevelAwait: true,
};

/** @type {Map<string, Promise<object>>} */
const packages = new Map();
/** @type {Map<string, { readonly changedAt: number, readonly code: string, readonly sourceMap: string | undefined }>} */
const sources = new Map();
/** The path that a specifier in a source stands for. @type {Map<string, string>} */
const paths = new Map();

class SharingRuntime extends Runtime {
  /** Whether the file has replaced a module; then jest decides about each import. */
  #mocks = false;

  constructor(...args) {
    super(...args);
    const { esmLoader, executor, _resolution: resolution } = this;
    const { loadEsmModule, resolveModule } = esmLoader;
    // A module without a context is one of the realm of the worker.
    esmLoader.getContext = () => undefined;
    executor.compile = (source, filename) => compileFunction(source, executor.injectedModuleParameters, { filename });
    // Newer Nodes would link without asking the methods below.
    resolution.hasDistinctAsyncResolver = () => true;
    esmLoader.loadEsmModule = (path, suffix = '') => {
      if (PACKAGE.test(path)) return this.#once(path, () => packageModule(path));
      if (SOURCE.test(path) && suffix === '') return this.#once(path, () => this.#sourceModule(path));
      return loadEsmModule.call(esmLoader, path, suffix);
    };
    esmLoader.loadCjsAsEsm = (_from, path) => this.#once(path, () => packageModule(path));
    esmLoader.resolveModule = async (specifier, from, context) => {
      if (this.#mocks || specifier === '@jest/globals' || /^data:|[?#]|\.json$/.test(specifier))
        return resolveModule.call(esmLoader, specifier, from, context);
      const key = `${from}\0${specifier}`;
      const path = paths.get(key) ?? (await resolution.resolveEsmAsync(from, specifier));
      paths.set(key, path);
      return esmLoader.loadEsmModule(path);
    };
  }

  setModuleMock(...args) {
    this.#mocks = true;
    super.setModuleMock(...args);
  }

  /** `process` is the real one: nothing of it is replaced. */
  installGetBuiltinModule() {}

  requireInternalModule(from, to) {
    if (to !== undefined) return require(require.resolve(to, { paths: [from] }));
    // jest's own start of a test file holds the tests of that file: each file has its own.
    delete require.cache[from];
    return require(from);
  }

  #once(path, make) {
    const registry = this.registries.getActiveEsmRegistry();
    const module = registry.get(path) ?? make();
    registry.set(path, module);
    return module;
  }

  #sourceModule(path) {
    const changedAt = statSync(path).mtimeMs;
    const sourceMaps = this.getSourceMaps();
    let source = sources.get(path);
    if (source?.changedAt !== changedAt) {
      const code = this.transformCache.transform(path, ESM).replace(SOURCE_MAP, '');
      source = { changedAt, code, sourceMap: sourceMaps.get(path) };
      sources.set(path, source);
    }
    if (source.sourceMap !== undefined) sourceMaps.set(path, source.sourceMap);
    return new SourceTextModule(source.code, {
      identifier: path,
      importModuleDynamically: this.esmLoader.dynamicImport,
      initializeImportMeta: (meta) => {
        meta.url = pathToFileURL(path).href;
      },
    });
  }
}

/** What Node has loaded, as a module that the product and the tests can be linked with. */
async function packageModule(path) {
  const loading = packages.get(path) ?? import(pathToFileURL(path).href);
  packages.set(path, loading);
  const namespace = await loading;
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

module.exports = { __esModule: true, default: SharingRuntime };
