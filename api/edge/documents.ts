/** The OpenAPI document, and the page on which every call can be tried. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Express, RequestHandler } from 'express';
import type { OpenApiDocument } from './openapi.js';

/** Files of the page as its makers ship them; served from here, so nothing is fetched from elsewhere. */
const swaggerFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
/** What the page needs of them, and nothing else. */
const SWAGGER_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

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
 * for it.
 */
export function mountDocuments(app: Express, makeDocument: () => OpenApiDocument, docsPage: boolean): void {
  let json: string | undefined;
  app.get('/openapi.json', (_req, res) => {
    json ??= JSON.stringify(makeDocument());
    res.set('Cache-Control', 'no-cache').type('application/json').send(json);
  });
  if (!docsPage) return;
  app.get('/docs', page('text/html', PAGE));
  app.get('/docs/start.js', page('text/javascript', START));
  for (const name of SWAGGER_FILES)
    app.get(`/docs/${name}`, (_req, res) => res.sendFile(join(swaggerFolder, name), { maxAge: '1h' }));
}

const page =
  (type: string, text: string): RequestHandler =>
  (_req, res) => {
    res.set('Cache-Control', 'no-cache').type(type).send(text);
  };
