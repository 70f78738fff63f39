/** Operating the batch over HTTP. */
import type { ErrorDefinition } from './definition.js';

export const operationErrors = {
  ALARM_ENDS_BY_ITSELF: {
    http: 409,
    exit: 1,
    meaning: 'The alarm ends by itself when its cause is gone; only the alarm of a command can be ended by hand.',
    whatToDo: 'Do what `magam alarms` says about the alarm.',
  },
  ALARM_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no alarm with this id, or it is over.',
    whatToDo: '`magam alarms` lists the open alarms.',
  },
  ALARMS_OPEN: {
    http: 409,
    exit: 1,
    meaning: 'Alarms are open; each says what to do.',
    whatToDo: '`magam alarms` lists them (docs/alarms.md).',
  },
  CERTIFICATE_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no certificate of this date and generation.',
    whatToDo: 'Look at the certificates of the run; a date has one when it is closed.',
  },
  COMMAND_RUNNING: {
    http: 409,
    exit: 5,
    meaning: 'The same command is still running on this machine, so it was not started again.',
    whatToDo: 'Nothing, if the running command makes progress. If cron starts it too often, let it start less often.',
  },
  DEAD_LETTER_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The consumer has not given up an event with this id, or the event was replayed meanwhile.',
    whatToDo: 'List the dead letters: `GET /v1/dead-letters`.',
  },
  NOTHING_PARKED: {
    http: 409,
    exit: 1,
    meaning: 'The run has no parked entries, so there is nothing to try again.',
    whatToDo: 'Nothing.',
  },
  RUN_ACTIVE: {
    http: 409,
    exit: 1,
    meaning: 'The run is being worked on already.',
    whatToDo: 'Follow it, or stop it first and start it again.',
  },
  RUN_COMPLETED: {
    http: 409,
    exit: 1,
    meaning: 'The run is completed; there is nothing to resume or to discard.',
    whatToDo: 'Nothing; entries that it parked can be tried again with exceptions/retry.',
  },
  RUN_NOT_COMPLETED: {
    http: 409,
    exit: 1,
    meaning: 'The run is not completed; parked entries can be tried again once it is.',
    whatToDo: 'Resume the run and wait for its end.',
  },
  STREAMS_EXHAUSTED: {
    http: 503,
    exit: 1,
    meaning: 'This server has the largest number of downloads or event streams open that it allows.',
    whatToDo: 'Wait as long as the Retry-After header says, or close one that is not needed.',
    ko: '동시에 받을 수 있는 다운로드 수를 초과했습니다. 잠시 후 다시 시도해 주세요.',
  },
  VERIFICATION_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no verification with this id.',
    whatToDo: 'Use the address in the answer to the request for it.',
  },
} as const satisfies Record<string, ErrorDefinition>;
