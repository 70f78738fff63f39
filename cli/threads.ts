/** The worker threads of commands. */
import { WorkerPools } from '../batch/engine/worker-pool.js';
import type { Config } from '../infra/config.js';

export type Pools = Pick<WorkerPools, 'lend' | 'share' | 'close'>;
type OpenPools = (config: Config, databaseUrl: string) => Pools;

let open: OpenPools = (config, databaseUrl) => new WorkerPools(config, databaseUrl);

/** Threads for a command, which closes them at its end. */
export const openPools: OpenPools = (config, databaseUrl) => open(config, databaseUrl);

/** For a process that runs many commands, as tests do: their threads may outlive a command. @returns how pools were opened before */
export function openPoolsBy(other: OpenPools): OpenPools {
  const former = open;
  open = other;
  return former;
}
