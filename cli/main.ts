/** The process `magam`: the command line of the finance team and of cron. */
import { runCommandLine } from './command-line.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0); // the reader, such as head, has closed the pipe
  throw error;
});

/** Fulfilled at the end of the command. Not awaited here, because the bundle of this file is a script, not a module. */
export default runCommandLine(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
