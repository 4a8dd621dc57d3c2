// Serves the page that shows what runs: one static document with its style and its script in it, which loads nothing from elsewhere.
import { createHash } from "node:crypto";
import type { Routes } from "../http-server.js";
import { SCRIPT } from "./script.js";
import { STYLE } from "./style.js";

const BODY = `<header>
<h1>pluginserver</h1>
<p id="server"></p>
<p id="notice" role="status" hidden></p>
</header>
<main>
<section id="charts" aria-label="The last 15 minutes"></section>
<section aria-label="Plugins">
<table>
<thead><tr id="titles"></tr></thead>
<tbody id="plugins"></tbody>
</table>
</section>
<section id="problems" aria-label="Plugins that do not load"></section>
</main>
<noscript>This page needs its script to show anything; <a href="/status">/status</a> has the same as JSON.</noscript>`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>pluginserver</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
${BODY}
<script>${SCRIPT}</script>
</body>
</html>
`;

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Nothing runs and nothing is loaded but what stands in the page, whatever a plugin is called or says. */
const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const pageRoutes: Routes = {
  "GET /": () => ({
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": POLICY,
      "referrer-policy": "no-referrer",
      "cache-control": "no-cache",
    },
    body: PAGE,
  }),
};
