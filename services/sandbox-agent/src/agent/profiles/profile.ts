import type { GivenGuardrails } from "@clew/playbook/guardrail-settings";
import { isProfileName, type ProfileName, profileNames } from "@clew/playbook/profile-names";
import type { GoalClass } from "../scope/goal-class.ts";
import { defaultProfile } from "./default.ts";
import { formFilling } from "./form-filling.ts";
import { research } from "./research.ts";

/** How an agent works, where a run says so. Whatever it says, the run's own words count over it, and code keeps both. */
export interface Profile {
  /** What it is for, in a sentence. */
  readonly description: string;
  /** The class that its directives have at least. */
  readonly goal?: GoalClass;
  /** What the agent is told besides; empty where nothing is. */
  readonly advice: string;
  /** What it says about guardrails; whatever the run or its playbook says counts over it. */
  readonly guardrails: GivenGuardrails;
}

const profiles: Readonly<Record<ProfileName, Profile>> = { default: defaultProfile, research, form_filling: formFilling };

/** The profile of this name; the default one where a run names none, or one that is not known: the orchestrator refused that. */
export function profileOf(name = "default"): Profile {
  return profiles[isProfileName(name) ? name : "default"];
}

/** Every profile, by name. */
export function allProfiles(): readonly (readonly [ProfileName, Profile])[] {
  return profileNames.map((name) => [name, profiles[name]]);
}
