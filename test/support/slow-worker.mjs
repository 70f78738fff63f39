/** A worker thread that takes its time to load. It has no database: the address that it is given is a file, to which it adds a line once it is loaded. */
import { appendFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
setImmediate(() => {
  appendFileSync(workerData.databaseUrl, 'loaded\n');
  Atomics.add(new Int32Array(workerData.loaded), 0, 1);
});

export default () => undefined;
