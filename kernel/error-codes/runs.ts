/** The configuration, the database, and the runs of the batch. */
import type { ErrorDefinition } from './definition.js';

export const runErrors = {
  // Configuration and the database.
  ENCRYPTION_KEY_MISSING: {
    http: 503,
    exit: 1,
    meaning: 'A stored value is encrypted under a key that this process does not have.',
    whatToDo:
      'Add the key to `MAGAM_ENCRYPTION_KEY` behind the first one; `magam keys` names the ids of the keys that are in use.',
    ko: '저장된 값을 지금은 읽을 수 없습니다. 운영자에게 문의해 주세요.',
  },
  KEYS_NOT_ROTATED: {
    http: 500,
    exit: 1,
    meaning:
      'Stored values are still encrypted under former or unknown keys, or cannot be read; the details count them.',
    whatToDo: 'Follow the message, then give `magam keys rotate` again.',
  },
  KEYS_PUBLISHED: {
    http: 500,
    exit: 2,
    meaning:
      'The server would listen beyond loopback, or in production, with keys that are published; make keys of your own.',
    whatToDo:
      'Set the keys once as the message says, and give all servers of one database the same keys; or listen on `127.0.0.1`.',
  },
  CONFIG_INVALID: {
    http: 500,
    exit: 2,
    meaning: 'A setting in the environment is wrong or missing; the message names every one.',
    whatToDo: 'Correct every setting that the message names; `.env.example` explains them.',
  },
  DATABASE_ACCESS_DENIED: {
    http: 500,
    exit: 1,
    meaning: 'The database refuses the account in MAGAM_DATABASE_URL.',
    whatToDo: "Check user and password in `MAGAM_DATABASE_URL` and the account's grants.",
    ko: '서버 설정 문제로 요청을 처리하지 못했습니다. 운영자에게 문의해 주세요.',
  },
  DATABASE_BUSY: {
    http: 503,
    exit: 1,
    meaning: 'Rows or tables stayed locked by somebody else; run the command again.',
    whatToDo: 'Run the command again; if it persists, look for a transaction that stays open.',
    ko: '요청이 몰려 처리하지 못했습니다. 잠시 후 다시 시도해 주세요.',
  },
  DATABASE_READ_ONLY: {
    http: 503,
    exit: 1,
    meaning:
      'The database does not accept writes, for example before a switch to another server; unfinished work can be resumed.',
    whatToDo:
      'Wait until the switch is over, or let `MAGAM_DATABASE_URL` name the server that takes writes, and run the same command again.',
    ko: '일시적으로 변경 사항을 저장할 수 없습니다. 잠시 후 다시 시도해 주세요.',
  },
  DATABASE_FULL: {
    http: 503,
    exit: 1,
    meaning: 'The database has no room on its disk or in a table; unfinished work can be resumed.',
    whatToDo: "Make room on the server's disk, or let the table grow, and run the same command again.",
    ko: '일시적으로 변경 사항을 저장할 수 없습니다. 잠시 후 다시 시도해 주세요.',
  },
  DATABASE_UNAVAILABLE: {
    http: 503,
    exit: 1,
    meaning: 'The database cannot be reached; unfinished work can be resumed.',
    whatToDo:
      'Bring the database back and run the same command again. Over HTTP it also means that no connection was free for 3 s, or that nobody can tell whether the call was carried out: send it again under the same `Idempotency-Key`.',
    ko: '일시적으로 서비스를 이용할 수 없습니다. 잠시 후 다시 시도해 주세요.',
  },
  SCHEMA_OUTDATED: {
    http: 503,
    exit: 1,
    meaning: 'The database lacks migrations of this version; run magam migrate.',
    whatToDo: 'Run `magam migrate`.',
    ko: '서버를 업데이트하고 있습니다. 잠시 후 다시 시도해 주세요.',
  },
  SCHEMA_TOO_NEW: {
    http: 503,
    exit: 1,
    meaning: 'The database was migrated by a newer version of magam.',
    whatToDo: 'Use the version of magam that migrated the database, or a newer one.',
  },
  SERVICES_UNAVAILABLE: {
    http: 500,
    exit: 1,
    meaning:
      'The private database and Redis of this checkout could not be started; the launcher said why on standard error.',
    whatToDo: 'Follow what the launcher printed, or set `MAGAM_DATABASE_URL` and `MAGAM_REDIS_URL`.',
  },
  INTERNAL: {
    http: 500,
    exit: 1,
    meaning: 'An unexpected error occurred; the message and the log describe it.',
    whatToDo: 'Report it with the message and the stack on standard error.',
    ko: '서버에 오류가 발생했습니다. 잠시 후 다시 시도해 주세요.',
  },

  TIME_ZONE_DIFFERS: {
    http: 503,
    exit: 2,
    meaning: 'MAGAM_TIME_ZONE differs from the time zone that this database uses for its dates.',
    whatToDo:
      'Set `MAGAM_TIME_ZONE` to the zone in the message, or leave it out. To change the zone of the platform, stop every process and run `magam calendar zone ZONE`.',
  },
  CLOCK_DIFFERS: {
    http: 503,
    exit: 1,
    meaning: 'The clocks of this process and of the database differ by more than 60 s.',
    whatToDo:
      'Find out which of the two is wrong, set it right and keep both right by NTP; `magam calendar` shows the difference.',
  },

  // Runs.
  USAGE: {
    http: 400,
    exit: 2,
    meaning: 'The command line is wrong; the message says where.',
    whatToDo: '`magam COMMAND --help` says what is possible.',
  },
  DATE_INVALID: {
    http: 422,
    exit: 2,
    meaning: 'A date is not a day of the calendar written YYYY-MM-DD.',
    whatToDo: 'Write the date as `YYYY-MM-DD`, `today` or `yesterday`.',
  },
  EARLIER_DATE_OPEN: {
    http: 409,
    exit: 1,
    meaning: 'An earlier date has entries that are neither settled nor parked; settle it first.',
    whatToDo: 'Settle the dates that the details name first; `magam settle --from D --to D` does several in order.',
  },
  EARLIER_STEP_OPEN: {
    http: 409,
    exit: 1,
    meaning:
      'A run that has to come first is not completed: that of the job before it in the chain for this date, or of the same job for an earlier date.',
    whatToDo: 'See the state of the date with `magam runs --job all --date D`, and carry out the missing runs first.',
  },
  DATE_NOT_OVER: {
    http: 422,
    exit: 1,
    meaning:
      'The date is not over in the zone of the platform; closing it would refuse the entries that are still to come.',
    whatToDo:
      'Wait until the date is over in the zone that the message names. Today alone can be closed with `--allow-unfinished-day`, over HTTP `allowUnfinishedDay`.',
  },
  DATE_EMPTY: {
    http: 409,
    exit: 1,
    meaning: 'The date has no entries; closing it would close it, and the empty dates before it, for good.',
    whatToDo:
      'Import the entries of the date first. If there are none, do nothing, or close it with `--allow-empty`, over HTTP `allowEmpty`.',
  },
  IMPORT_IN_PROGRESS: {
    http: 409,
    exit: 1,
    meaning: 'An unfinished import may still write to the date; finish or abandon it first.',
    whatToDo: "Run the import's command again, or `magam imports abandon ID`, then settle.",
  },
  RUN_HELD: {
    http: 409,
    exit: 5,
    meaning: 'Somebody else is working on the run.',
    whatToDo: 'Nothing: somebody else finishes the run. Without `--no-wait` the command joins it.',
  },
  RUN_STOPPED: {
    http: 409,
    exit: 130,
    meaning: 'The run was stopped; the same command resumes it.',
    whatToDo: 'Run the same command again.',
  },
  RUN_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no run with this id or for this date, or it was removed.',
    whatToDo: '`magam runs` lists the ids.',
    ko: '해당 ID 또는 날짜의 정산 실행 기록이 없습니다.',
  },
  RUN_RESTED_ON: {
    http: 409,
    exit: 1,
    meaning: 'Refunds that have been settled since refer to lines of the run, so the run can only be finished.',
    whatToDo: '`magam settle --date D` finishes it.',
  },
  RUN_LOST: {
    http: 409,
    exit: 1,
    meaning:
      'The database does not have the run, or its plan, any more: it was discarded, it was removed, the database was restored, or a replica took over that lacks the last commits.',
    whatToDo:
      'Give the same command again: it begins with what the database has now. docs/operations.md says what else to look at after a restore.',
  },
  RUN_NOT_ACTIVE: {
    http: 409,
    exit: 1,
    meaning: 'The run is not being worked on, so there is nothing to stop.',
    whatToDo: 'Nothing; `magam runs show ID` shows how the run ended.',
  },
  PARTITION_FAILED: {
    http: 500,
    exit: 1,
    meaning: 'A partition failed; the job history has its error. The same command tries it again.',
    whatToDo: 'Read the error in `magam runs show ID`, remove its cause and run the same command again.',
  },
  WORKER_DIED: {
    http: 500,
    exit: 1,
    meaning:
      'A thread ended in the middle of its work. A partition of a run is tried again; an import that was reading its file ends, and nothing of it is in the feed.',
    whatToDo:
      'Nothing if it was a run, which goes on; for an import, give its command again. If it repeats, look at the memory of the machine and at standard error.',
  },
  DUPLICATE_LINE: {
    http: 500,
    exit: 1,
    meaning: 'A line of the entry exists already; another program wrote it. Nothing was written.',
    whatToDo: 'Find out who wrote to `settlement_line`; remove that line and run the same command again.',
  },
  EXCEPTIONS_EXCEEDED: {
    http: 409,
    exit: 1,
    meaning: 'More entries would be parked than were allowed; the date stays open.',
    whatToDo:
      '`magam runs exceptions ID` has the reasons. Apply the policies that are missing, `magam runs discard ID`, and settle again; or allow more with `--exceptions-max`.',
  },
  CONTROL_TOTALS_DIFFER: {
    http: 500,
    exit: 1,
    meaning: 'The totals that the database computes from the feed differ from the lines; the date stays open.',
    whatToDo: 'Compare the sums in the details; somebody changed the feed or the lines during the run.',
  },
  SIGNING_KEY_MISSING: {
    http: 500,
    exit: 1,
    meaning:
      'Certificates are signed with a key that this process does not have, and dates cannot be certified without it.',
    whatToDo:
      'Give the process the key (`MAGAM_SIGNING_KEY`); to change to a new key, name it and the one before it in `MAGAM_TRUSTED_KEYS`.',
  },
  RULES_DIFFER: {
    http: 409,
    exit: 1,
    meaning: 'The run was planned by a version of magam with other rules, and only such a version may work on it.',
    whatToDo: 'Finish the run with the version that planned it, or discard it (`magam runs discard ID`).',
  },
  LINES_CHANGED: {
    http: 500,
    exit: 1,
    meaning: 'Another program changed committed lines of an unfinished run; nothing more is settled after them.',
    whatToDo: 'Restore the lines from a backup; find out who changed them.',
  },
  LINE_REFUSED: {
    http: 422,
    exit: 1,
    meaning: 'The database refused the line of this entry because of its data.',
    whatToDo: "Read the server's reason in `magam runs exceptions ID`, correct the cause and settle the date again.",
  },
  DATE_NOT_SETTLED: {
    http: 409,
    exit: 1,
    meaning: 'The date is not settled, so there is nothing to export.',
    whatToDo: 'Settle the date: `magam settle --date D`; or wait until its run is completed.',
    ko: '아직 정산되지 않은 날짜입니다.',
  },
  DATE_NOT_CLOSED: {
    http: 409,
    exit: 1,
    meaning: 'The date, or each date of the range, has no certificate: it was not settled.',
    whatToDo: 'Settle the date: `magam settle --date D`.',
  },
  VERIFICATION_FAILED: {
    http: 500,
    exit: 4,
    meaning: 'Stored data and certificate differ; the checks name the first difference.',
    whatToDo: 'Read the checks that failed: each names the first difference. Restore what was changed from a backup.',
  },
  LINE_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The feed has no sale with this order id and line id.',
    whatToDo: 'Check the ids; they are compared byte by byte.',
    ko: '존재하지 않는 정산 내역입니다.',
  },
} as const satisfies Record<string, ErrorDefinition>;
