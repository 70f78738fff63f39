/** The routes of imports. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { abandonImport } from './abandon-import.js';
import { downloadRejects, listImports, showImport } from './read-imports.js';
import { uploadImport } from './upload-import.js';
import { withdrawImport } from './withdraw-import.js';

export const importRoutes = (context: ApiContext): Route[] => [
  uploadImport(context),
  listImports(context),
  showImport(context),
  downloadRejects(context),
  abandonImport(context),
  withdrawImport(context),
];
