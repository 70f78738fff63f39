/** The OpenAPI document, and the page where every call can be tried. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Express, RequestHandler, Response } from 'express';
import { fixedAnswer } from './fixed-answer.js';
import type { OpenApiDocument } from './openapi.js';

/** The files of the page as they are published. They are served from here, so the page loads nothing from other servers. */
const swaggerFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
/** The files that the page needs; no others are served. */
const SWAGGER_FILES = { 'swagger-ui.css': 'css', 'swagger-ui-bundle.js': 'js', 'favicon-32x32.png': 'png' };

const PAGE = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Magam API</title>
  <link rel="stylesheet" href="/docs/swagger-ui.css">
  <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script src="/docs/start.js"></script>
</body>
</html>
`;

/** The page keeps the sign-in only in memory. It removes what former versions kept in the browser, including the password. */
const START = `localStorage.removeItem('authorized');
window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: false,
  displayRequestDuration: true,
  filter: true,
  validatorUrl: null,
});
`;

/**
 * Mounts /openapi.json and, with `docsPage`, /docs. The document is made at the first request for it, so that the start of the server does not wait for it. Requests are counted
 * by `limit`.
 */
export function mountDocuments(
  app: Express,
  makeDocument: () => OpenApiDocument,
  { docsPage, limit }: { readonly docsPage: boolean; readonly limit: (res: Response) => Promise<void> },
): void {
  const counted: RequestHandler = async (_req, res, next) => {
    await limit(res);
    next();
  };
  const mount = (path: string, answer: RequestHandler): void => void app.get(path, counted, answer);
  mount(
    '/openapi.json',
    fixedAnswer('json', () => JSON.stringify(makeDocument())),
  );
  if (!docsPage) return;
  mount(
    '/docs',
    fixedAnswer('html', () => PAGE),
  );
  mount(
    '/docs/start.js',
    fixedAnswer('text/javascript', () => START),
  );
  for (const [name, type] of Object.entries(SWAGGER_FILES))
    mount(
      `/docs/${name}`,
      fixedAnswer(type, () => readFileSync(join(swaggerFolder, name)), 'public, max-age=3600'),
    );
}
