/** Worker threads with jobs of the tests: they count the ids of their ranges into the table `counted`, behind the gate of their job. */

/** Threads run the compiled files. @type {typeof import('../../batch/engine/worker-thread.js')} */
const { serveThread } = await import(new URL('../../dist/batch/engine/worker-thread.js', import.meta.url).href);

/**
 * @param {string} name
 * @returns {import('../../batch/engine/job.js').ThreadJob}
 */
const countingJob = (name) => ({
  name,
  begin: async ({ runId, pass, hi, checkpoint, chunkRows }, { db, board, slot }) => {
    let counted = Number(checkpoint ?? 0);
    return {
      page: async (after) => {
        while ((await db.raw('SELECT 1 FROM gate WHERE job = ? AND shut', [name]))[0].length > 0) {
          board.tick(slot);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        const cursorId = Math.min(hi, after + chunkRows);
        const rows = Array.from({ length: cursorId - after }, (_, i) => [runId, pass, after + i + 1]);
        const sum = counted + rows.length;
        return {
          cursorId,
          done: rows.length,
          exceptions: 0,
          checkpoint: String(sum),
          write: async (tx) => {
            for (const row of rows) await tx.raw('INSERT INTO counted (run_id, pass, id) VALUES (?, ?, ?)', row);
          },
          advance: () => {
            counted = sum;
          },
        };
      },
    };
  },
});

export default serveThread([countingJob('points'), countingJob('badges')], {}, []);
