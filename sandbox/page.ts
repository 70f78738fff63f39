/** The layout of all pages of the sandbox. */

/** A page of the sandbox, without any script. `title` is text, `body` is HTML. */
export const page = (title: string, body: string, wide = false): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} sandbox</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f2f4f6; color: #191f28; }
main { max-width: 24rem; margin: 3rem auto; padding: 2rem; background: #fff; border: 1px solid #d1d6db; border-radius: 12px; }
main.wide { max-width: 48rem; }
h1 { font-size: 1.1rem; margin: 0; }
.amount { font-size: 2rem; font-weight: 700; margin: 0.5rem 0 1rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0.25rem 1rem; margin: 0 0 1.5rem; }
dt { color: #5a6573; } dd { margin: 0; overflow-wrap: anywhere; }
form { display: flex; gap: 0.75rem; }
button { flex: 1; padding: 0.75rem; font: inherit; font-weight: 600; border: 1px solid #1b64da; border-radius: 8px; background: #1b64da; color: #fff; cursor: pointer; }
button.plain { background: #fff; color: #1b64da; }
button:focus-visible { outline: 3px solid #f59e0b; outline-offset: 2px; }
details { border-top: 1px solid #d1d6db; padding: 0.75rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.75rem 0 0; font: inherit; }
a { color: #1b64da; }
.note { margin: 1.5rem 0 0; color: #5a6573; font-size: 0.875rem; }
</style>
</head>
<body><main${wide ? ' class="wide"' : ''}><h1>${escaped(title)}</h1>${body}</main></body>
</html>
`;

/** Text escaped for HTML, including attribute values. */
export const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
