import { readFile } from "node:fs/promises";
import { startBackOffice } from "@clew/back-office/back-office";
import { Effect, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { expect, test } from "vitest";
import { ReportInMemory, WorkRoom } from "./work.fixture.ts";

const cancelOrder = await readFile(new URL("../../../examples/playbooks/cancel-order.yaml", import.meta.url), "utf8");

test("cancels an order in a real browser, and the server agrees", async () => {
  await using office = await startBackOffice();
  await using room = await WorkRoom.open();
  const report = new ReportInMemory();
  const work = room.start(
    {
      playbookSource: cancelOrder,
      spec: { params: { order_id: 12345, base_url: office.url }, guardrails: { allowedPrivateHosts: [new URL(office.url).host] }, recording: { trace: true } },
    },
    report,
  );
  await work.done;
  for (const event of report.events) console.log(event.payload.$case, "|", event.summary);
  expect(report.outcome.state).toBe(Run_State.COMPLETED);
  expect(office.orders.get("12345")).toMatchObject({ status: "cancelled", cancellation: "C-12345-001" });
  expect(report.outcome.outcome.data).toEqual({ confirmation: "Order 12345 was cancelled. Cancellation number: C-12345-001" });
  expect(report.confirmed.length).toBeGreaterThan(0);
  expect(Effect.COMMIT).toBe(3);
});
