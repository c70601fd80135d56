/** Writes the short page at `/`: what this is, its doors, and one line to try. */
export function landingPage({ version, origin }: { readonly version: string; readonly origin: string }): string {
  const here = escapeHtml(origin);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Clew</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}pre{background:#f3f3f3;padding:.75rem;overflow:auto}</style>
<h1>Clew ${escapeHtml(version)}</h1>
<p>Browser work for programs, told as a stream of events that loses nothing and can be picked up again anywhere.</p>
<ul>
<li>REST: <a href="/v1/runs">/v1/runs</a>, described in <a href="/openapi.json">/openapi.json</a></li>
<li>SSE: /v1/runs/{run}/stream</li>
<li>Connect and gRPC-Web: /clew.run.v1.RunService/…</li>
<li>Operators: <a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a></li>
</ul>
<p>To try it, start the application to practise on, <code>npm run back-office</code>; then:</p>
<pre>curl --json '{"playbook": "hello", "guardrails": {"allowedPrivateHosts": ["127.0.0.1:4000"]}}' ${here}/v1/runs</pre>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
