/** Operating the batch over HTTP. */
import type { ErrorDefinition } from './definition.js';

export const operationErrors = {
  ALARMS_OPEN: { http: 409, exit: 1, meaning: 'Alarms are open; each says what to do.' },
  CERTIFICATE_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no certificate of this date and generation.' },
  COMMAND_RUNNING: {
    http: 409,
    exit: 5,
    meaning: 'The same command is still running on this machine, so it was not started again.',
  },
  DEAD_LETTER_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The consumer has not given up an event with this id, or the event was replayed meanwhile.',
  },
  NOTHING_PARKED: { http: 409, exit: 1, meaning: 'The run has no parked entries, so there is nothing to try again.' },
  RUN_ACTIVE: { http: 409, exit: 1, meaning: 'The run is being worked on already.' },
  RUN_COMPLETED: { http: 409, exit: 1, meaning: 'The run is completed; there is nothing to resume or to discard.' },
  RUN_NOT_COMPLETED: {
    http: 409,
    exit: 1,
    meaning: 'The run is not completed; what it parked is tried again when it is.',
  },
  STREAMS_EXHAUSTED: {
    http: 503,
    exit: 1,
    meaning: 'As many downloads or event streams are open as this server allows.',
    ko: '동시에 받을 수 있는 다운로드 수를 초과했습니다. 잠시 후 다시 시도해 주세요.',
  },
  VERIFICATION_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no verification with this id.' },
} as const satisfies Record<string, ErrorDefinition>;
