/** What "exactly once" rests on: fences, leases, the door of a date, control totals, generations, leadership. */
const proofs = (/** @type {string} */ name) => `test/batch/proofs/${name}.test.ts`;
const fence = { file: 'core/jobs/stores/partition.ts', tests: proofs('fence') };
const partition = { file: 'core/jobs/stores/partition.ts', tests: 'test/core/jobs/stores/partition.test.ts' };
const commit = { file: 'batch/engine/commit-fenced.ts', tests: proofs('fence') };
const keeper = { file: 'batch/engine/lease-keeper.ts', tests: proofs('lease-keeper') };
const leader = { file: 'infra/stores/leader-lease.ts', tests: 'test/infra/stores/leader-lease.test.ts' };

const view = { file: 'batch/engine/shared-view.ts', tests: 'test/batch/shared-view.test.ts' };
const runState = { file: 'core/jobs/stores/run.ts', tests: 'test/core/jobs/stores/run-state.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...fence,
    name: 'the fence does not look at the owner',
    from: "guarded('fence.owner', 'owner = ?')",
    to: "'(owner = ? OR TRUE)'",
    only: 'owner alone',
  },
  {
    ...fence,
    name: 'the fence does not look at the epoch',
    from: "guarded('fence.epoch', 'epoch = ?')",
    to: "'(epoch = ? OR TRUE)'",
    only: 'epoch alone',
  },
  {
    ...fence,
    name: 'the fence does not look at seq',
    from: "guarded('fence.seq', 'seq = ?')",
    to: "'(seq = ? OR TRUE)'",
    only: 'seq alone',
  },
  {
    ...fence,
    file: 'sql/0017_settlement_line.sql',
    name: 'a line can be written twice',
    from: 'PRIMARY KEY (settled_on, leg, entry_id)',
    to: 'KEY settlement_line_entry (settled_on, leg, entry_id)',
    only: 'unique key alone',
  },
  {
    ...commit,
    name: 'a worker begins beyond its limit',
    from: 'if (monotonicMs() >= withinLease()) return false;',
    to: '',
    only: 'does not begin beyond its own limit',
  },
  {
    ...commit,
    name: 'a worker commits beyond its limit',
    from: 'if (!moved || monotonicMs() >= withinLease()) {',
    to: 'if (!moved) {',
    only: 'does not commit beyond its own limit',
  },
  {
    ...fence,
    file: 'infra/database.ts',
    name: 'the server bears a silent holder',
    from: "stands('lease.silence') ? options.silenceSeconds : undefined",
    to: 'undefined',
    only: 'limit of silence alone',
  },
  {
    ...keeper,
    name: "a worker's limit is the end of its lease",
    from: 'this.settings.leaseMs * 0.9',
    to: 'this.settings.leaseMs',
  },
  {
    ...keeper,
    name: 'a refused renewal leaves the limit',
    from: 'ours ? this.limitFrom(sent) : 0',
    to: 'ours ? this.limitFrom(sent) : this.board.limitOf(held.slot)',
  },
  {
    ...keeper,
    name: 'a worker without progress keeps its lease',
    from: 'if (now - held.tickedAt > this.settings.chunkDeadlineMs) held.abort.abort();',
    to: 'if (now < 0) held.abort.abort();',
  },
  {
    file: 'core/feed/stores/calendar.ts',
    tests: proofs('door'),
    name: 'writers do not share the lock of their date',
    from: "stands('door.share-lock') ? 'LOCK IN SHARE MODE' : ''",
    to: "''",
    only: 'shared lock alone',
  },
  {
    file: 'core/settlement/closable-date.ts',
    tests: proofs('door'),
    name: 'a date is shut under an unfinished import',
    from: "if (imports.length === 0 || !stands('import.hold')) return;",
    to: 'if (imports.length >= 0) return;',
    only: 'its hold alone',
  },
  {
    file: 'batch/jobs/settle/finish-run.ts',
    tests: proofs('door'),
    name: 'the control totals are not compared',
    from: "if (JSON.stringify(lines) === JSON.stringify(other) || !stands('control-totals')) return;",
    to: 'if (lines !== undefined) return;',
    only: 'control totals alone',
  },
  {
    file: 'batch/jobs/settle/settle-partition.ts',
    tests: proofs('books'),
    name: 'lines that are read back need not be those that were written',
    from: 'if (checkpoint !== null && checkpoint !== this.hash.digestSoFar()) {',
    to: "if (checkpoint === '') {",
    only: 'hash alone',
  },
  {
    file: 'core/jobs/stores/run.ts',
    tests: proofs('books'),
    name: 'a supplement is opened again by who comes too late',
    from: 'WHERE run_id = ? AND generation = ? AND status IN (',
    to: 'WHERE run_id = ? AND (generation = ? OR TRUE) AND status IN (',
    only: 'generation alone',
  },
  {
    ...partition,
    name: 'a partition can be claimed under a running lease',
    from: "(status = 'PENDING' OR (status = 'RUNNING' AND lease_until < UTC_TIMESTAMP(3)))`,",
    to: "status IN ('PENDING', 'RUNNING')`,",
  },
  {
    ...partition,
    name: 'a claim does not count the epoch',
    from: 'owner = ?, epoch = epoch + 1, lease_until',
    to: 'owner = ?, epoch = epoch + 0, lease_until',
  },
  {
    ...partition,
    name: 'claims without progress are not counted',
    from: 'claims = IF(seq > claimed_seq, 1, claims + 1)',
    to: 'claims = 1',
  },
  {
    ...partition,
    name: 'a lease is prolonged by who has lost it',
    from: "WHERE partition_id = ? AND owner = ? AND epoch = ? AND status = 'RUNNING'`,\n    [leaseMs * 1000,",
    to: "WHERE partition_id = ? AND (owner = ? OR TRUE) AND (epoch = ? OR TRUE) AND status = 'RUNNING'`,\n    [leaseMs * 1000,",
  },
  {
    ...partition,
    name: 'a partition is given back by who has lost it',
    from: "WHERE partition_id = ? AND owner = ? AND epoch = ? AND status = 'RUNNING'`,\n    [\n      failure?.final",
    to: "WHERE partition_id = ? AND (owner = ? OR TRUE) AND (epoch = ? OR TRUE) AND status = 'RUNNING'`,\n    [\n      failure?.final",
  },
  {
    ...partition,
    name: 'an unknown commit of a lost partition counts as ours',
    from: "if (row === undefined || row.epoch !== fence.epoch) return 'lost';",
    to: "if (row === undefined) return 'lost';",
  },
  {
    ...partition,
    name: 'an unknown commit that came through is done again',
    from: "if (row.seq === seq + 1) return 'committed';",
    to: "if (row.seq === seq + 1) return 'not-committed';",
  },
  {
    ...partition,
    name: 'an unknown commit of a partition that was given back is done again',
    from: "return row.seq === seq && row.owner === fence.owner ? 'not-committed' : 'lost';",
    to: "return row.seq === seq ? 'not-committed' : 'lost';",
  },
  {
    ...partition,
    name: 'a partition is failed though it was moved meanwhile',
    from: "WHERE partition_id = ? AND epoch = ? AND seq = ? AND status IN ('PENDING', 'RUNNING')`,",
    to: "WHERE partition_id = ? AND epoch = ? AND (seq = ? OR TRUE) AND status IN ('PENDING', 'RUNNING')`,",
  },
  {
    ...leader,
    name: 'somebody leads beside the leader',
    from: 'WHERE name = ? AND (owner = ? OR lease_until < UTC_TIMESTAMP(3))`',
    to: 'WHERE name = ? AND (owner = ? OR TRUE)`',
  },
  {
    ...leader,
    name: 'a new leader has the epoch of the old one',
    from: 'IF(owner = ?, epoch, epoch + 1)',
    to: 'IF(owner = ?, epoch, epoch)',
  },
  {
    ...leader,
    name: 'a leader that was taken over goes on',
    from: 'WHERE name = ? AND owner = ? AND lease_until >= UTC_TIMESTAMP(3)',
    to: 'WHERE name = ? AND (owner = ? OR TRUE) AND lease_until >= UTC_TIMESTAMP(3)',
  },
  {
    ...leader,
    name: 'a leader goes on when its lease is over',
    from: "AND owner = ? AND lease_until >= UTC_TIMESTAMP(3)'",
    to: "AND owner = ?'",
  },
  {
    ...leader,
    name: 'anybody gives the lead up',
    from: "WHERE name = ? AND owner = ?',\n    [name, owner],\n  );\n}\n",
    to: "WHERE name = ? AND (owner = ? OR TRUE)',\n    [name, owner],\n  );\n}\n",
  },
  {
    ...view,
    name: 'threads read on though somebody committed between their snapshots',
    from: 'others.some((state) => state !== own)',
    to: 'others.some((state) => state !== own && own === "")',
  },
  {
    ...runState,
    name: 'a chunk does not change the state of its run',
    from: 'COUNT(p.partition_id), SUM(p.seq)) AS state',
    to: 'COUNT(p.partition_id)) AS state',
  },
  {
    ...runState,
    name: 'completing a run does not change its state',
    from: "CONCAT_WS(' ', j.run_id, j.generation, j.status, j.updated_at,",
    to: "CONCAT_WS(' ', j.run_id, j.generation,",
  },
];
