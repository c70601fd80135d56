import type { ForbiddenAddress } from "@clew/egress/egress-policy";
import { metadataServices } from "@clew/egress/metadata-services";
import type { Address } from "@clew/process/address";
import { ownServices } from "./own-services.ts";

/** What an operator says that no run may reach. */
export interface Forbidding {
  readonly gatewayAddress: Address;
  /** Addresses and ranges. */
  readonly forbiddenAddresses: readonly string[];
}

/** Names all that no run reaches, whatever it says: metadata services, Clew itself, here and elsewhere, and what the operator forbids. */
export function allForbidden(
  { gatewayAddress, forbiddenAddresses }: Forbidding,
  here: readonly Address[],
  elsewhere: readonly ForbiddenAddress[],
): readonly ForbiddenAddress[] {
  return [
    ...metadataServices,
    ...ownServices([...here, gatewayAddress]),
    ...elsewhere,
    ...forbiddenAddresses.map((network): ForbiddenAddress => ({ network, rule: "forbidden_address" })),
  ];
}
