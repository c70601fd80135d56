import { expect, it } from "vitest";
import { landingPage } from "./landing-page.ts";

it("shows a line to try that names the private host it needs, and what to start before", () => {
  const page = landingPage({ version: "1.2.3", origin: "http://127.0.0.1:8080" });
  const body = /curl --json '(\{.*\})' http:\/\/127\.0\.0\.1:8080\/v1\/runs/.exec(page)?.[1] ?? "";
  expect(JSON.parse(body)).toEqual({ playbook: "hello", guardrails: { allowedPrivateHosts: ["127.0.0.1:4000"] } });
  expect(page).toContain("npm run back-office");
});
