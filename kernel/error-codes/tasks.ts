/** Work that a runner carries out for somebody, drafts of policies, uploads. */
import type { ErrorDefinition } from './definition.js';

export const taskErrors = {
  POLICY_CHECK_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no check with this id of this draft.',
    whatToDo: 'List the checks of the draft.',
  },
  POLICY_DRAFT_CLOSED: {
    http: 409,
    exit: 1,
    meaning: 'The draft was applied or discarded and can no longer be changed.',
    whatToDo: 'Make a new draft; an applied policy is changed by a new version.',
  },
  POLICY_DRAFT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no policy draft with this id.',
    whatToDo: 'List the drafts.',
  },
  REJECTS_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning:
      'The import has no file of rejected rows: it has not read all rows yet, or the file was too old and is deleted.',
    whatToDo: 'Wait until the import has ended; if that was a month ago, upload the file again.',
  },
  TASK_ACTIVE: {
    http: 409,
    exit: 1,
    meaning: 'The same work was already requested and has not ended.',
    whatToDo: 'Follow the work that was requested first.',
  },
  TASK_GIVEN_UP: {
    http: 500,
    exit: 1,
    meaning: 'The processes that worked on this task died repeatedly, so it is not tried again.',
    whatToDo:
      "Look for the reason in the runners' logs (memory, the disk of temporary files), remove the cause and ask again.",
  },
  UPLOAD_CUT_OFF: {
    http: 400,
    exit: 1,
    meaning: 'The connection was closed before the whole upload had arrived; nothing of it was kept.',
    whatToDo: 'Upload the file again.',
  },
} as const satisfies Record<string, ErrorDefinition>;
