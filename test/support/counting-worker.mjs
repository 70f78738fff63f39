/**
 * Worker threads with jobs of the tests. Two count the ids of their ranges into the table `counted`, behind the gate of their job; `marks` reads what
 * test/batch/shared-view.test.ts writes.
 */

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

/** @type {import('../../batch/engine/job.js').AnyViewReader} */
const marksReader = {
  name: 'marks',
  stateOf: async (snapshot) => String((await snapshot.raw('SELECT SUM(n) AS n FROM mark'))[0][0].n),
  open: async (snapshot, _input, onEntries) => {
    let sum = 0;
    return {
      read: async (piece) => {
        if (piece === 'die') process.exit(1);
        if (piece === 'fail') await snapshot.raw('SELECT * FROM no_such_table');
        for (; piece === 'for ever'; onEntries(1)) await new Promise((resolve) => setTimeout(resolve, 5));
        const [[{ n }]] = await snapshot.raw('SELECT n FROM mark WHERE id = ?', [Number(piece)]);
        onEntries(1);
        sum += n;
        return n;
      },
      sum: () => sum,
    };
  },
};

export default serveThread([countingJob('points'), countingJob('badges')], {}, [marksReader]);
