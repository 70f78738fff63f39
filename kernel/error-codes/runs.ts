/** The configuration, the database, and the runs of the batch. */
import type { ErrorDefinition } from './definition.js';

export const runErrors = {
  // Configuration and the database.
  ENCRYPTION_KEY_MISSING: {
    http: 503,
    exit: 1,
    meaning: 'A stored value is encrypted under a key that this process does not have.',
    ko: '저장된 값을 지금은 읽을 수 없습니다. 운영자에게 문의해 주세요.',
  },
  KEYS_NOT_ROTATED: {
    http: 500,
    exit: 1,
    meaning:
      'Stored values are still encrypted under former or unknown keys, or cannot be read; the details count them.',
  },
  KEYS_PUBLISHED: {
    http: 500,
    exit: 2,
    meaning:
      'The server would listen beyond loopback, or in production, with keys that are published; make keys of your own.',
  },
  CONFIG_INVALID: {
    http: 500,
    exit: 2,
    meaning: 'A setting in the environment is wrong or missing; the message names every one.',
  },
  DATABASE_ACCESS_DENIED: {
    http: 500,
    exit: 1,
    meaning: 'The database refuses the account in MAGAM_DATABASE_URL.',
    ko: '서버 설정 문제로 요청을 처리하지 못했습니다. 운영자에게 문의해 주세요.',
  },
  DATABASE_BUSY: {
    http: 503,
    exit: 1,
    meaning: 'Rows or tables stayed locked by somebody else; run the command again.',
    ko: '요청이 몰려 처리하지 못했습니다. 잠시 후 다시 시도해 주세요.',
  },
  DATABASE_READ_ONLY: {
    http: 503,
    exit: 1,
    meaning: 'The database takes no writes, as before a switch to another server; what was begun can be resumed.',
    ko: '일시적으로 변경 사항을 저장할 수 없습니다. 잠시 후 다시 시도해 주세요.',
  },
  DATABASE_FULL: {
    http: 503,
    exit: 1,
    meaning: 'The database has no room on its disk or in a table; what was begun can be resumed.',
    ko: '일시적으로 변경 사항을 저장할 수 없습니다. 잠시 후 다시 시도해 주세요.',
  },
  DATABASE_UNAVAILABLE: {
    http: 503,
    exit: 1,
    meaning: 'The database cannot be reached; what was begun can be resumed.',
    ko: '일시적으로 서비스를 이용할 수 없습니다. 잠시 후 다시 시도해 주세요.',
  },
  SCHEMA_OUTDATED: {
    http: 503,
    exit: 1,
    meaning: 'The database has not the tables of this version; run magam migrate.',
    ko: '서버를 업데이트하고 있습니다. 잠시 후 다시 시도해 주세요.',
  },
  SCHEMA_TOO_NEW: { http: 503, exit: 1, meaning: 'The database was migrated by a newer version of magam.' },
  SERVICES_UNAVAILABLE: {
    http: 500,
    exit: 1,
    meaning:
      'The private database and Redis of this checkout could not be started; the launcher said why on standard error.',
  },
  INTERNAL: {
    http: 500,
    exit: 1,
    meaning: 'Something failed that should not; the message and the log say what.',
    ko: '서버에 오류가 발생했습니다. 잠시 후 다시 시도해 주세요.',
  },

  TIME_ZONE_DIFFERS: {
    http: 503,
    exit: 2,
    meaning: 'MAGAM_TIME_ZONE is not the zone that the dates of this database are days in.',
  },
  CLOCK_DIFFERS: {
    http: 503,
    exit: 1,
    meaning: 'The clocks of this process and of the database differ by more than 60 s.',
  },

  // Runs.
  USAGE: { http: 400, exit: 2, meaning: 'The command line is wrong; the message says where.' },
  DATE_INVALID: { http: 422, exit: 2, meaning: 'A date is not a day of the calendar written YYYY-MM-DD.' },
  EARLIER_DATE_OPEN: {
    http: 409,
    exit: 1,
    meaning: 'An earlier date has entries that are neither settled nor parked; settle it first.',
  },
  DATE_NOT_OVER: {
    http: 422,
    exit: 1,
    meaning:
      'The date is not over in the zone of the platform; closing it would refuse the entries that are still to come.',
  },
  DATE_EMPTY: {
    http: 409,
    exit: 1,
    meaning: 'The date has no entries; closing it would close it, and the empty dates before it, for good.',
  },
  IMPORT_IN_PROGRESS: {
    http: 409,
    exit: 1,
    meaning: 'An unfinished import may still write to the date; finish or abandon it first.',
  },
  RUN_HELD: { http: 409, exit: 5, meaning: 'Somebody else is working on the run.' },
  RUN_STOPPED: { http: 409, exit: 130, meaning: 'The run was stopped; the same command resumes it.' },
  RUN_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no run with this id or for this date, or it was removed.',
    ko: '해당 ID 또는 날짜의 정산 실행 기록이 없습니다.',
  },
  RUN_RESTED_ON: {
    http: 409,
    exit: 1,
    meaning: 'Refunds that were settled since rest on lines of the run, so it can only be finished.',
  },
  RUN_LOST: {
    http: 409,
    exit: 1,
    meaning:
      'The database does not have the run, or its plan, any more: it was discarded, it was removed, the database was restored, or a replica took over that lacks the last commits.',
  },
  RUN_NOT_ACTIVE: { http: 409, exit: 1, meaning: 'The run is not being worked on, so there is nothing to stop.' },
  PARTITION_FAILED: {
    http: 500,
    exit: 1,
    meaning: 'A partition failed; the job history has its error. The same command tries it again.',
  },
  WORKER_DIED: {
    http: 500,
    exit: 1,
    meaning:
      'A thread ended in the middle of its work. A partition of a run is tried again; an import that was reading its file ends, and nothing of it is in the feed.',
  },
  DUPLICATE_LINE: {
    http: 500,
    exit: 1,
    meaning: 'A line of the entry exists already: the protocol was broken from outside; nothing was written.',
  },
  EXCEPTIONS_EXCEEDED: {
    http: 409,
    exit: 1,
    meaning: 'More entries would be parked than were allowed; the date stays open.',
  },
  CONTROL_TOTALS_DIFFER: {
    http: 500,
    exit: 1,
    meaning: 'The totals that the database computes from the feed differ from the lines; the date stays open.',
  },
  SIGNING_KEY_MISSING: {
    http: 500,
    exit: 1,
    meaning: 'Certificates are signed with a key that this process does not have; nothing is certified without it.',
  },
  RULES_DIFFER: {
    http: 409,
    exit: 1,
    meaning: 'The run was planned by a version of magam with other rules, and only such a version may work on it.',
  },
  LINES_CHANGED: {
    http: 500,
    exit: 1,
    meaning: 'Committed lines of an unfinished run were changed from outside; nothing more is settled on top of them.',
  },
  LINE_REFUSED: { http: 422, exit: 1, meaning: 'The database refused the line of this entry because of its data.' },
  DATE_NOT_SETTLED: {
    http: 409,
    exit: 1,
    meaning: 'The date is not settled, so there is nothing to export.',
    ko: '아직 정산되지 않은 날짜입니다.',
  },
  DATE_NOT_CLOSED: {
    http: 409,
    exit: 1,
    meaning: 'The date, or each date of the range, has no certificate: it was not settled.',
  },
  VERIFICATION_FAILED: {
    http: 500,
    exit: 4,
    meaning: 'Stored data and certificate differ; the checks name the first difference.',
  },
  LINE_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The feed has no sale with this order id and line id.',
    ko: '존재하지 않는 정산 내역입니다.',
  },
} as const satisfies Record<string, ErrorDefinition>;
