/** The OpenAPI document, and the page on which every call can be tried. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Express, RequestHandler, Response } from 'express';
import { fixedAnswer } from './fixed-answer.js';
import type { OpenApiDocument } from './openapi.js';

/** Files of the page as its makers ship them; served from here, so nothing is fetched from elsewhere. */
const swaggerFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
/** What the page needs of them, and nothing else. */
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

/** Who has signed in stays in the memory of the page. What former versions of it have kept in the browser, the password with it, is removed. */
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
 * Mounts /openapi.json and, where `docsPage` says so, /docs. The document is made at the first request for it, so that a start does not wait
 * for it. Requests are counted by `limit`.
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
