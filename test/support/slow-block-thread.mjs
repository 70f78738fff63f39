/** The thread that reads blocks of a file, after it has loaded for longer than it may take for a block. */
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);

/** Threads run the bundled file. */
const { default: work } = await import(new URL('../../dist/bundle/import-thread.js', import.meta.url).href);

export default work;
