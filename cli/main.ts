/** The process `magam`: the command line of the finance team and of cron. */
import { runCommandLine } from './command-line.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0); // the reader, such as head, has closed the pipe
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2));
