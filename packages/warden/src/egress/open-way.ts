import { isIPv4, type Socket } from "node:net";
import { targetOf } from "@clew/egress/judge-address";
import type { HostAndPort } from "@clew/egress/judge-host";
import { connectChecked } from "./connect-checked.ts";
import type { EgressGate, Verdict } from "./egress-gate.ts";
import { tunnelUpstream } from "./tunnel-upstream.ts";

/**
 * Opens the way to a host: judges it, and connects to an address that was judged, through the policy's upstream proxy where there is one, which is
 * told that address and not the name. The caller destroys the socket.
 *
 * @throws Error with a code: DENIED where the host, or the upstream proxy, may not be reached.
 */
export async function openWay(target: HostAndPort, gate: EgressGate): Promise<Socket> {
  const addresses = allowed(await gate.judge(target));
  const { upstream } = gate.policy ?? {};
  if (upstream === undefined) return await connectChecked(addresses, target.port);
  const url = new URL(upstream);
  const proxy = targetOf(upstream);
  if (proxy === undefined) throw denied("The upstream proxy has no address of the web.");
  const socket = await connectChecked(allowed(await gate.judgeUpstream(proxy)), proxy.port);
  const [first = ""] = addresses;
  return await tunnelUpstream(socket, url, addresses.find(isIPv4) ?? first, target.port);
}

function allowed(verdict: Verdict): readonly string[] {
  if ("denial" in verdict) throw denied(verdict.denial.message);
  return verdict.addresses;
}

function denied(message: string): Error {
  return Object.assign(new Error(message), { code: "DENIED" });
}
