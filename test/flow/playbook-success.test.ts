import { expect, it } from "vitest";
import { startSystem } from "../support/system.ts";

it("runs a playbook that calls another over several orders, and judges its success by checks and by the schema of its data", async () => {
  await using system = await startSystem();
  const { clew, backOffice } = system;
  const { host } = new URL(backOffice.url);
  const credentials = { username: "demo", password: "demo" };
  const guardrails = { allowedPrivateHosts: [host] };
  const run = await clew.createRun({
    playbook: "cancel-orders",
    params: { order_ids: ["12343", "12344", "12346"], base_url: backOffice.url },
    credentials,
    guardrails,
    checks: [
      { name: "the list is shown", urlContains: "/orders", elementVisible: "#orders" },
      { name: "nobody is logged in", elementGone: "text=Log out" },
    ],
  });
  const { state, outcome } = await run.result();
  expect(state).toBe("FAILED");
  expect(outcome.error).toMatchObject({
    reason: "CHECK_FAILED",
    message: "1 of 2 checks failed: 'nobody is logged in' ('text=Log out' is still visible).",
  });
  expect(outcome.extractedTexts).toEqual(["shipped", expect.stringContaining("C-12344-001"), expect.stringContaining("C-12346-002")]);
  expect(backOffice.orders.cancellations).toBe(2);

  const events = await Array.fromAsync(run.events());
  const ids = events.flatMap((event) => (event.type === "stepCompleted" ? [event.stepCompleted.stepId] : []));
  expect(ids).toEqual(
    expect.arrayContaining(["step-1.1.steps-2.else-1", "step-1.2.steps-2.then-1.cancel-order.step-8", "step-1", "step-2"]),
  );
  const commits = events.filter((event) => event.type === "actionStarted" && event.actionStarted.effect === "COMMIT");
  expect(commits).toHaveLength(2);

  const amount = (type: string) =>
    clew.createRun({
      ...system.spec(`
start_url: "${backOffice.url}/api/orders/12345"
steps: [{ action: api_request, request: { url: "${backOffice.url}/api/orders/12345", response: { mode: json } }, store_as: order }]`),
      outputSchema: { type: "object", properties: { order: { type: "object", properties: { id: { type } } } } },
    });
  const fits = await (await amount("string")).result();
  expect(fits).toMatchObject({ state: "COMPLETED", outcome: { data: { order: { id: "12345", status: "open" } } } });
  const differs = await (await amount("number")).result();
  expect(differs).toMatchObject({
    state: "FAILED",
    outcome: { error: { reason: "OUTPUT_INVALID", message: expect.stringContaining("data.order.id must be number") } },
  });
}, 120_000);
