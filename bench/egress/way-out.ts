import { SandboxEgress } from "@clew/warden/egress/sandbox-egress";

/** A warden's way out, in a process of its own as in a sandbox: `node bench/egress/way-out.ts <socket> <host:port>`. It ends with its input. */

const [socketPath = "", host = ""] = process.argv.slice(2);
const egress = await SandboxEgress.open({ socketPath, say: () => {} });
egress.follow({ allowedDomains: [], blockedDomains: [], allowPrivateNetworks: false, allowedPrivateHosts: [host], forbidden: [] });
process.stdout.write("ready\n");
process.stdin.resume().once("end", () => process.exit(0));
