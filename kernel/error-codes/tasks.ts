/** Work that a runner carries out for somebody, drafts of policies, uploads. */
import type { ErrorDefinition } from './definition.js';

export const taskErrors = {
  POLICY_CHECK_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no check with this id of this draft.' },
  POLICY_DRAFT_CLOSED: {
    http: 409,
    exit: 1,
    meaning: 'The draft was applied or discarded and does not change any more.',
  },
  POLICY_DRAFT_NOT_FOUND: { http: 404, exit: 1, meaning: 'There is no policy draft with this id.' },
  REJECTS_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The import has no rejects file: it has not looked at all rows, or the file was kept long enough.',
  },
  TASK_ACTIVE: { http: 409, exit: 1, meaning: 'The same work was asked for before and has not ended.' },
  TASK_GIVEN_UP: {
    http: 500,
    exit: 1,
    meaning: 'The processes that worked on this ended again and again, so it is not tried any more.',
  },
  UPLOAD_CUT_OFF: {
    http: 400,
    exit: 1,
    meaning: 'The connection was closed before the whole upload had arrived; nothing of it was kept.',
  },
} as const satisfies Record<string, ErrorDefinition>;
