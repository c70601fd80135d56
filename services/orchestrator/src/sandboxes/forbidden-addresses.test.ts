import { atMachine } from "@clew/egress/at-machine";
import { judgeEgress } from "@clew/egress/judge-host";
import type { Address } from "@clew/process/address";
import { expect, test } from "vitest";
import { allForbidden } from "./forbidden-addresses.ts";

const tcp = (host: string, port: number): Address => ({ kind: "tcp", host, port });

function judge(host: string, port: number, gateway: Address, orchestrator: Address): string | undefined {
  const forbidden = [...allForbidden({ gatewayAddress: gateway, forbiddenAddresses: ["10.20.0.0/16"] }, [orchestrator], [])];
  const policy = { allowedDomains: [], blockedDomains: [], allowPrivateNetworks: true, allowedPrivateHosts: [], forbidden };
  return judgeEgress({ host, port }, policy)?.rule;
}

test.each([
  ["127.0.0.1", 8080, "own_service"],
  ["127.8.8.8", 9090, "own_service"],
  ["[::1]", 8080, "own_service"],
  ["0.0.0.0", 9090, "own_service"],
  ["[::ffff:127.0.0.1]", 9090, "own_service"],
  ["127.0.0.1", 4000, undefined],
  ["10.20.30.40", 443, "forbidden_address"],
  ["10.21.0.1", 443, undefined],
  ["169.254.169.254", 80, "metadata_service"],
])("no run reaches what is Clew's own, the operator's or the cloud's: %s:%i is %s", (host, port, rule) => {
  expect(judge(host, port, tcp("127.0.0.1", 8080), tcp("localhost", 9090))).toBe(rule);
});

test("a service that listens everywhere is kept from at every address that the machine has by then", () => {
  const named = allForbidden({ gatewayAddress: tcp("0.0.0.0", 8080), forbiddenAddresses: [] }, [{ kind: "unix", path: "/tmp/x" }], []);
  const rules = { allowedDomains: [], blockedDomains: [], allowPrivateNetworks: true, allowedPrivateHosts: [] };
  const judgeWhen = (host: string, addresses: readonly string[]) =>
    judgeEgress({ host, port: 8080 }, { ...rules, forbidden: [...atMachine(named, () => addresses)] })?.rule;
  expect(judgeWhen("10.1.2.3", ["127.0.0.1", "10.1.2.3"])).toBe("own_service");
  expect(judgeWhen("10.1.2.3", ["127.0.0.1", "10.1.2.4"])).toBeUndefined();
  expect(judgeWhen("[fd00::7]", ["fd00::7"])).toBe("own_service");
  expect(judgeWhen("127.0.0.2", [])).toBe("own_service");
});
