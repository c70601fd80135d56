import { HealthImplementation } from "grpc-health-check";

/** Makes the standard health service (grpc.health.v1), not serving until it is told otherwise. */
export function createHealth(): HealthImplementation {
  return new HealthImplementation({ "": "NOT_SERVING" });
}
