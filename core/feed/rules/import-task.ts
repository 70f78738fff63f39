/** IMPORT: the import of an uploaded file as a background task. */
import { taskKind } from '../../tasks/rules/background-task.js';

/** What an IMPORT is asked with. */
export interface ImportParameters {
  readonly kind: 'lines' | 'refunds';
  readonly fileId: string;
  /** As the uploader calls it. */
  readonly fileName: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly encoding: string;
  readonly timeZone: string;
  readonly platformTimeZone: string;
  /** JSON text, null without a mapping. */
  readonly mapping: string | null;
  readonly late: boolean;
  readonly skipRejects: boolean;
  /** Only checks the file. Missing in tasks of earlier versions. */
  readonly dryRun?: boolean;
}

/** The upload on its way to the runner: of no use once the task has ended. */
export const UPLOAD = { purpose: 'UPLOAD', keptDays: 0 } as const;
/** The rejected rows on their way back. */
export const REJECTS = { purpose: 'REJECTS', keptDays: 30 } as const;

export const IMPORT = taskKind<ImportParameters>('IMPORT', [UPLOAD, REJECTS]);
