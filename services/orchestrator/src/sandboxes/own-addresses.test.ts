import { judgeAddresses, judgeEgress } from "@clew/egress/judge-host";
import { expect, test } from "vitest";
import { OwnAddresses } from "./own-addresses.ts";

const open = { allowedDomains: [], blockedDomains: [], allowPrivateNetworks: true, allowedPrivateHosts: ["clew.example:443"] };
const own = [
  { host: "clew.example", port: 443 },
  { host: "192.0.2.7", port: 8080 },
];

test("what the operator names as Clew's own is kept from by its name, by where that leads, and where it leads later", async () => {
  let answer: readonly string[] | Error = ["198.51.100.1", "2001:db8::1"];
  const warned: string[] = [];
  const asked: string[] = [];
  await using addresses = await OwnAddresses.open({
    addresses: own,
    lookMs: 1,
    log: { warn: (...said: unknown[]) => void warned.push(String(said[1])) },
    resolve: async (name) => {
      asked.push(name);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  const judge = (host: string, port: number, leadsTo: readonly string[] = []) => {
    const policy = { ...open, forbidden: [...addresses.forbidden] };
    return (judgeEgress({ host, port }, policy) ?? judgeAddresses({ host, port }, leadsTo, policy))?.rule;
  };
  expect(judge("192.0.2.7", 8080)).toBe("own_service");
  expect(judge("192.0.2.7", 8081)).toBeUndefined();
  expect(judge("CLEW.example.", 443)).toBe("own_service");
  expect(judge("clew.example", 80)).toBeUndefined();
  expect(judge("another.example", 443, ["198.51.100.1"])).toBe("own_service");
  expect(judge("[2001:db8::1]", 443)).toBe("own_service");

  answer = ["198.51.100.2"];
  await expect.poll(() => judge("198.51.100.2", 443)).toBe("own_service");
  answer = new Error("no name server");
  await expect.poll(() => warned).toContain("a name of CLEW_OWN_ADDRESSES could not be looked up");
  expect(judge("198.51.100.2", 443)).toBe("own_service");
  expect(new Set(asked)).toEqual(new Set(["clew.example"]));
});
