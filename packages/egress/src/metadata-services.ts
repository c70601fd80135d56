import type { ForbiddenAddress } from "./egress-policy.ts";

/** Where clouds tell a machine, and whoever asks from it, who it is and what it may: Amazon (EC2, ECS, EKS), Google, Azure, Oracle, Alibaba. */
const addresses = [
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
  "168.63.129.16",
  "192.0.0.192",
  "100.100.100.200",
];

/** The metadata services that no run reaches. */
export const metadataServices: readonly ForbiddenAddress[] = addresses.map((network) => ({ network, rule: "metadata_service" }));
