import { isIPv4, type Socket } from "node:net";
import type { EgressDenial } from "@clew/egress/egress-policy";
import { targetOf } from "@clew/egress/judge-address";
import type { HostAndPort } from "@clew/egress/judge-host";
import { connectChecked } from "./connect-checked.ts";
import type { EgressGate, Verdict } from "./egress-gate.ts";
import { tunnelUpstream } from "./tunnel-upstream.ts";

/** Says that a way may not be gone. */
export class WayDenied extends Error {
  readonly code = "DENIED";
  readonly denial: EgressDenial;

  constructor(denial: EgressDenial) {
    super(denial.message);
    this.denial = denial;
  }
}

/**
 * Opens the way to a host: judges it, and connects to an address that was judged, through the policy's upstream proxy where there is one, which is
 * told that address and not the name. The caller destroys the socket.
 *
 * @throws WayDenied where the host, or the upstream proxy, may not be reached; otherwise an Error with a code.
 */
export async function openWay(target: HostAndPort, gate: EgressGate): Promise<Socket> {
  const addresses = allowed(await gate.judge(target));
  const { upstream } = gate.policy ?? {};
  if (upstream === undefined) return await connectChecked(addresses, target.port);
  const url = new URL(upstream);
  const proxy = targetOf(upstream);
  if (proxy === undefined) throw new WayDenied({ rule: "unresolved", message: "The upstream proxy has no address of the web." });
  const verdict = await gate.judgeUpstream(proxy);
  // Who is denied is not told which proxy the run has.
  if ("denial" in verdict) throw new WayDenied({ ...verdict.denial, message: "The run's proxy may not be reached." });
  const socket = await connectChecked(verdict.addresses, proxy.port);
  const [first = ""] = addresses;
  return await tunnelUpstream(socket, url, addresses.find(isIPv4) ?? first, target.port);
}

function allowed(verdict: Verdict): readonly string[] {
  if ("denial" in verdict) throw new WayDenied(verdict.denial);
  return verdict.addresses;
}
