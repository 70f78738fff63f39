/** The process `magam`: the command line of the finance team and of cron. */
import { errors } from '../kernel/errors.js';
import { runCommandLine } from './command-line.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0); // the reader, such as head, has closed the pipe
  process.stderr.write(`FILE_UNWRITABLE: The output cannot be written: ${error.message}\n`);
  process.stderr.write(`What to do: ${errors.FILE_UNWRITABLE.whatToDo}\n`);
  process.exit(errors.FILE_UNWRITABLE.exit);
});
// A log on a full disk must not stop the work. There is nowhere else to report it.
process.stderr.on('error', () => undefined);

/** Fulfilled at the end of the command. Not awaited here, because the bundle of this file is a script, not a module. */
export default runCommandLine(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
