/** What the routes of settlements and lines take: the few places for downloads. */
import type { ApiContext } from '../context.js';
import type { Downloads } from './download.js';

export interface SettlementsContext extends ApiContext {
  readonly downloads: Downloads;
}
