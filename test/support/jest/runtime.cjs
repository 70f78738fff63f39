/**
 * How jest loads modules for a test file. What is the same for all files is done once per worker: Node itself loads the packages, and the modules of the product are evaluated once, so
 * that V8 optimises their code once, too. The tests and what supports them are evaluated anew for every file, and so is the product for a file that replaces modules. This knows the inside
 * of jest-runtime, whose version is pinned.
 */
const { statSync } = require('node:fs');
const { join, sep } = require('node:path');
const { pathToFileURL } = require('node:url');
const { compileFunction, SourceTextModule, SyntheticModule } = require('node:vm');

/**
 * What is used of jest-runtime.
 * @typedef {import('node:vm').Module} Module
 * @typedef {object} EsmLoader
 * @property {() => undefined} getContext
 * @property {NonNullable<import('node:vm').SourceTextModuleOptions['importModuleDynamically']>} dynamicImport
 * @property {(path: string, suffix?: string) => Module | Promise<Module>} loadEsmModule
 * @property {(from: string, path: string) => Module | Promise<Module>} loadCjsAsEsm
 * @property {(specifier: string, from: string, context: undefined) => Promise<Module>} resolveModule
 * @typedef {object} JestRuntime
 * @property {EsmLoader} esmLoader
 * @property {{ compile: (source: string, path: string) => Function, injectedModuleParameters: string[] }} executor
 * @property {{ hasDistinctAsyncResolver: () => boolean, resolveEsmAsync: (from: string, to: string) => Promise<string> }} _resolution
 * @property {{ getActiveEsmRegistry: () => Map<string, Module | Promise<Module>> }} registries
 * @property {{ transform: (path: string, options: object) => string, getSourceMaps: () => Map<string, string> }} transformCache
 * @property {{ setModuleMock: (...args: unknown[]) => void }} mockState
 */

/** @type {{ default: new (...args: unknown[]) => JestRuntime }} */
const { default: Runtime } = /** @type {any} */ (require('jest-runtime'));

/** What is loaded once per worker: packages, and what the tests want to keep from one file to the next. */
const PACKAGE = /[\\/](node_modules|test[\\/]support[\\/]once)[\\/]/;
const SOURCE = /\.ts$/;
const ROOT = join(__dirname, '../../..');
/** Folders of the product. Its modules keep nothing that could matter to the next file of tests, except for what ../end-processes.ts and ../kept-threads.ts put back. */
const PRODUCT = ['kernel', 'infra', 'core', 'api', 'batch', 'cli', 'sandbox'].map((name) => join(ROOT, name) + sep);
/** jest keeps the map beside the code; as a part of the code, every compilation would read it. */
const SOURCE_MAP = /^\/\/# sourceMappingURL=data:\S*$/gm;
/** What the syntax of a source may be, as jest tells its transformer. */
const ESM = {
  isInternalModule: false,
  supportsDynamicImport: true,
  supportsExportNamespaceFrom: true,
  supportsStaticESM: true,
  supportsTopLevelAwait: true,
};

/** @type {Map<string, Promise<Record<string, unknown>>>} */
const packages = new Map();
/** @type {Map<string, { readonly changedAt: number, readonly code: string, readonly sourceMap: string | undefined }>} */
const sources = new Map();
/** The path that a specifier in a source stands for. @type {Map<string, string>} */
const paths = new Map();
/** The product's modules, with the file of tests that loaded them first. @type {Map<string, { readonly module: Module, readonly loadedBy: SharingRuntime }>} */
const products = new Map();
/** That of the current file: a module of the product imports by it, whichever file loaded the module. @type {SharingRuntime | undefined} */
let current;

class SharingRuntime extends Runtime {
  /** Whether the file replaces modules; then jest decides about each import. */
  #mocks = false;

  /** @param {unknown[]} args */
  constructor(...args) {
    super(...args);
    const { esmLoader, executor, mockState, _resolution: resolution } = this;
    const { loadEsmModule, resolveModule } = esmLoader;
    const { setModuleMock } = mockState;
    current = this;
    this.#keepWhatIsNew();
    // What is compiled without a context belongs to the realm of the worker.
    esmLoader.getContext = () => undefined;
    executor.compile = (source, filename) => compileFunction(source, executor.injectedModuleParameters, { filename });
    // Newer Nodes would link without asking the functions below.
    resolution.hasDistinctAsyncResolver = () => true;
    esmLoader.loadCjsAsEsm = (_from, path) => this.#once(path, () => packageModule(path));
    esmLoader.loadEsmModule = (path, suffix = '') => {
      if (PACKAGE.test(path)) return this.#once(path, () => packageModule(path));
      if (SOURCE.test(path) && suffix === '') return this.#once(path, () => this.#ownModule(path));
      return loadEsmModule.call(esmLoader, path, suffix);
    };
    esmLoader.resolveModule = async (specifier, from, context) => {
      if (this.#mocks || specifier === '@jest/globals' || /^data:|[?#]|\.json$/.test(specifier))
        return resolveModule.call(esmLoader, specifier, from, context);
      const key = `${from}\0${specifier}`;
      const path = paths.get(key) ?? (await resolution.resolveEsmAsync(from, specifier));
      paths.set(key, path);
      return esmLoader.loadEsmModule(path);
    };
    mockState.setModuleMock = (...mock) => {
      this.#mocks = true;
      setModuleMock.apply(mockState, mock);
    };
  }

  /** jest would replace a function of `process`, which is the real one here. */
  installGetBuiltinModule() {}

  /**
   * @param {string} from
   * @param {string} [to]
   */
  requireInternalModule(from, to) {
    if (to !== undefined) return require(require.resolve(to, { paths: [from] }));
    // What jest asks for by its path holds the tests of one file: each file has its own.
    delete require.cache[from];
    return require(from);
  }

  /**
   * @param {string} path
   * @param {() => Module | Promise<Module>} make
   */
  #once(path, make) {
    const registry = this.registries.getActiveEsmRegistry();
    const module = registry.get(path) ?? make();
    registry.set(path, module);
    return module;
  }

  /** A module of the product is kept, unless this file replaces modules. @param {string} path */
  #ownModule(path) {
    if (this.#mocks || !PRODUCT.some((folder) => path.startsWith(folder))) return this.#sourceModule(path);
    const kept = products.get(path);
    // What a former file could not load to its end is loaded again.
    if (kept !== undefined && (kept.loadedBy === this || kept.module.status === 'evaluated')) return kept.module;
    const module = this.#sourceModule(path);
    products.set(path, { module, loadedBy: this });
    return module;
  }

  /** Forgets the product when one of its files was changed or is gone, as between two runs in watch mode, and tells jest the source maps of what is kept. */
  #keepWhatIsNew() {
    const isAsRead = (/** @type {string} */ path) =>
      statSync(path, { throwIfNoEntry: false })?.mtimeMs === sources.get(path)?.changedAt;
    if (![...products.keys()].every(isAsRead)) {
      products.clear();
      paths.clear();
    }
    const sourceMaps = this.transformCache.getSourceMaps();
    for (const path of products.keys()) {
      const sourceMap = sources.get(path)?.sourceMap;
      if (sourceMap !== undefined) sourceMaps.set(path, sourceMap);
    }
  }

  /** @param {string} path */
  #sourceModule(path) {
    const changedAt = statSync(path).mtimeMs;
    const sourceMaps = this.transformCache.getSourceMaps();
    let source = sources.get(path);
    if (source?.changedAt !== changedAt) {
      const code = this.transformCache.transform(path, ESM).replace(SOURCE_MAP, '');
      source = { changedAt, code, sourceMap: sourceMaps.get(path) };
      sources.set(path, source);
    }
    if (source.sourceMap !== undefined) sourceMaps.set(path, source.sourceMap);
    return new SourceTextModule(source.code, {
      identifier: path,
      importModuleDynamically: (...args) => /** @type {SharingRuntime} */ (current).esmLoader.dynamicImport(...args),
      initializeImportMeta: (meta) => {
        meta.url = pathToFileURL(path).href;
      },
    });
  }
}

/**
 * What Node has loaded, as a module that the product and the tests can be linked with.
 * @param {string} path
 */
async function packageModule(path) {
  const loading = packages.get(path) ?? import(pathToFileURL(path).href);
  packages.set(path, loading);
  const namespace = await loading;
  const names = Object.keys(namespace);
  const module = new SyntheticModule(
    names,
    () => {
      for (const name of names) module.setExport(name, namespace[name]);
    },
    { identifier: path },
  );
  await module.link(() => module); // it imports nothing
  await module.evaluate();
  return module;
}

module.exports = { __esModule: true, default: SharingRuntime };
