/** `magam sandbox`: the outside world as a process. */
import { type SandboxOptions, startSandbox } from './server.js';

/** Serves until the signal. Fails where a port is taken. */
export async function runSandbox(
  options: SandboxOptions,
  signal: AbortSignal,
  onListening: (at: { readonly url: string; readonly mailPort: number }) => void,
): Promise<void> {
  const sandbox = await startSandbox(options);
  onListening(sandbox);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await sandbox.close();
}
