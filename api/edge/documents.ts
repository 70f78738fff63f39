/** The OpenAPI document, and the page on which every call can be tried. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type Express, type RequestHandler } from 'express';
import type { OpenApiDocument } from './openapi.js';

/** Files of the page as its makers ship them; served from here, so nothing is fetched from elsewhere. */
const swaggerFiles = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

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

const START = `window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: true,
  displayRequestDuration: true,
  filter: true,
  validatorUrl: null,
});
`;

/** Mounts /openapi.json and /docs. The document is made at the first request for it, so that a start does not wait for it. */
export function mountDocuments(app: Express, makeDocument: () => OpenApiDocument): void {
  let json: string | undefined;
  app.get('/openapi.json', (_req, res) => {
    json ??= JSON.stringify(makeDocument());
    res.set('Cache-Control', 'no-cache').type('application/json').send(json);
  });
  app.get('/docs', page('text/html', PAGE));
  app.get('/docs/start.js', page('text/javascript', START));
  app.use('/docs', express.static(swaggerFiles, { index: false, maxAge: '1h', redirect: false, fallthrough: true }));
}

const page =
  (type: string, text: string): RequestHandler =>
  (_req, res) => {
    res.set('Cache-Control', 'no-cache').type(type).send(text);
  };
