import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Site, startSite } from "../browser/site.fixture.ts";
import { PlaybookRoom } from "./playbook-room.fixture.ts";

let site: Site;
let room: PlaybookRoom;
const seen: { headers: Record<string, unknown> }[] = [];

beforeAll(async () => {
  [site, room] = await Promise.all([
    startSite({
      "/login": `<title>Log in</title><form method="post" action="/begin"><input name="username"><input type="password" name="password"><button type="submit">Log in</button></form>`,
      "/begin": (_, response) => void response.writeHead(303, { location: "/home", "set-cookie": "session=session-of-ada; Path=/" }).end(),
      "/home": `<h1>Welcome</h1><a href="/orders">Orders</a><script>localStorage.setItem("csrf", "token-of-ada")</script>`,
      "/orders": `<h1>Orders</h1><input id="q"><select id="s"><option value="o">open</option></select><table><tr><td id="total">12</td></tr></table><p id="spin">…</p>
        <script>setTimeout(() => document.querySelector("#spin").remove(), 100)</script>`,
      "/api/orders": (request, response) => {
        seen.push({ headers: request.headers });
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ items: [{ id: "A-7" }] }));
        return undefined;
      },
    }),
    PlaybookRoom.open(),
  ]);
});

afterAll(async () => {
  await room[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

// Every field the schema that people bring playbooks from has, as they write it.
const brought = () => `
id: orders-report
name: orders-report
description: Reads the orders report
tags: [orders report, report]
auth_required: true
auth:
  mode: form_login
  login_url: "${site.url}/login"
  success: { url_contains: /home, element_visible: h1, text_on_page: Welcome, cookie_present: session, timeout_ms: 15000 }
capture:
  cookies: [{ name: session, store_as: session_cookie, domain: 127.0.0.1 }]
  storage: [{ key: csrf, store_as: csrf, scope: local }]
  static_headers: { x-requested-with: XMLHttpRequest }
guardrails:
  max_urls_visited: 20
  max_consecutive_errors: 3
  enable_llm_action_check: false
parameters:
  - { name: customer, type: string, description: who, inject_into: "steps.1.params.text" }
  - { name: count, type: int, pattern: '(\\d+)' }
  - { name: label, type: selector_text, description: the link }
start_url: "${site.url}/home"
steps:
  - action: click
    selector: "text={label}"
    description: Open {label}
    verify: { expect_url_contains: /orders, expect_element_visible: h1, expect_element_gone: "#spin", expect_text_on_page: Orders, timeout_ms: 5000 }
    on_failure: llm_recover
    failure_message: "Could not open {label}"
  - { action: type, selector: { primary: "#nope", fallbacks: ["#q"], description: search field }, params: { text: "" }, on_failure: retry }
  - { action: select, selector: "#s", params: { value: o } }
  - { action: wait_for, selector: "#spin", params: { state: detached, timeout_ms: 3000 } }
  - { action: evaluate, params: { script: "document.querySelector('#total').textContent = '12' + document.querySelector('#q').value" } }
  - { action: extract, selector: "#total", params: { mode: text }, store_as: total, on_failure: abort }
  - action: api_request
    request:
      method: GET
      url: "${site.url}/api/orders"
      query: { n: "{count}" }
      headers: { x-csrf: "{csrf}" }
      timeout_ms: 10000
      response: { mode: json_path, json_path: items.0.id }
    store_as: order
  - { action: key_press, params: { key: Escape } }
`;

test("runs a playbook of the schema people bring, unchanged", async () => {
  const credentials = { username: "ada", password: "hunter2-hunter2" };
  const params = { customer: "Ada", count: 3, label: "Orders" };
  const report = await room.run(brought(), { credentials, spec: { params } });
  expect(report.outcome.outcome.error).toBeUndefined();
  expect(report.outcome).toMatchObject({ state: Run_State.COMPLETED, outcome: { data: { total: "12Ada", order: "A-7" } } });
  expect(seen.at(-1)?.headers).toMatchObject({
    "x-csrf": "token-of-ada",
    "x-requested-with": "XMLHttpRequest",
    cookie: expect.stringContaining("session=session-of-ada"),
  });
  expect(JSON.stringify(report.events)).not.toMatch(/hunter2|token-of-ada|session-of-ada/);
});

test("refuses a key that the schema does not know, and says where", async () => {
  const report = await room.run(brought().replace("auth_required", "auth_requird"), {});
  expect(report.outcome.outcome.error).toMatchObject({
    reason: "PLAYBOOK_INVALID",
    message: expect.stringContaining("did you mean 'auth_required'?"),
  });
});
