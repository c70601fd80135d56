import type { Profile } from "./profile.ts";

export const defaultProfile: Profile = {
  description: "Does what its directive says, and nothing else.",
  advice: "",
  guardrails: {},
};
