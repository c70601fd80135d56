import { connect } from "node:net";
import { type Clew, Fault } from "@clew/client";
import type { Finding } from "./check.ts";

const timeoutMs = 3_000;

/** Looks whether a gateway answers where it is looked for, or who else does. */
export async function checkGateway(url: string): Promise<Finding> {
  const name = "gateway";
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(timeoutMs), redirect: "manual" });
    await response.body?.cancel();
    if (response.ok) return { name, level: "ok", message: `answers at ${url}` };
    return {
      name,
      level: "bad",
      message: `${url} answered ${response.status} to /healthz`,
      fix: "if it is another program, set CLEW_GATEWAY_ADDRESS for npm start and CLEW_URL for clew",
    };
  } catch (thrown) {
    if (thrown instanceof TypeError && !/^https?:\/\/[^/]/i.test(url))
      return { name, level: "bad", message: "CLEW_URL is not a URL of http or https", fix: "write it as http://host:port" };
    return { name, level: "note", message: `nothing answers at ${url}`, fix: "npm start; CLEW_URL says where it is looked for" };
  }
}

/** Looks whether something listens at the orchestrator's address, `host:port`. */
export async function checkOrchestrator(address: string): Promise<Finding> {
  const name = "orchestrator";
  const at = address.lastIndexOf(":");
  const port = Number(address.slice(at + 1));
  if (address.startsWith("unix:") || at < 1 || !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    return {
      name,
      level: "note",
      message: "CLEW_ORCHESTRATOR_ADDRESS is not host:port, so it was not looked at",
      fix: "see /readyz of the gateway",
    };
  }
  const listens = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: address.slice(0, at).replace(/^\[|\]$/g, ""), port, timeout: timeoutMs });
    const settle = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
  });
  if (listens) return { name, level: "ok", message: `listens at ${address}` };
  return { name, level: "note", message: `nothing listens at ${address}`, fix: "npm start" };
}

/** Looks whether the gateway takes the key it is given, or needs one. */
export async function checkKey(clew: Clew, hasKey: boolean): Promise<Finding> {
  const name = "key";
  const given = hasKey ? "CLEW_API_KEY" : "no key";
  try {
    for await (const _ of clew.listRuns({ pageSize: 1, signal: AbortSignal.timeout(timeoutMs) })) break;
    return { name, level: "ok", message: `the gateway takes ${given}` };
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === "UNAUTHENTICATED" || fault.code === "PERMISSION_DENIED") {
      return {
        name,
        level: "bad",
        message: `the gateway does not take ${given}`,
        fix: "set CLEW_API_KEY to a key that CLEW_API_KEYS names",
      };
    }
    return {
      name,
      level: "note",
      message: `${hasKey ? "CLEW_API_KEY is set" : "CLEW_API_KEY is not set"}; no gateway could judge it`,
      fix: "npm start",
    };
  }
}
