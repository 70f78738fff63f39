/** The routes of fee policies and their drafts. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { applyDraft } from './apply-draft.js';
import { checkDraft } from './check-draft.js';
import { listCheckLines, listChecks, showCheck } from './read-checks.js';
import { listDraftsRoute, showDraft } from './read-drafts.js';
import { listPolicies, showPolicy } from './read-policies.js';
import { createDraft, discardDraft, editDraft } from './write-drafts.js';

export const policyRoutes = (context: ApiContext): Route[] => [
  createDraft(),
  listDraftsRoute(context),
  showDraft(context),
  editDraft(),
  discardDraft(),
  checkDraft(context),
  listChecks(context),
  showCheck(context),
  listCheckLines(context),
  applyDraft(),
  listPolicies(context),
  showPolicy(context),
];
