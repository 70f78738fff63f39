/** The worker threads' file. */
import { serveThread } from './engine/worker-thread.js';
import { scans, threadJobs, viewReaders } from './jobs/threads.js';

export default serveThread(threadJobs, scans, viewReaders);
