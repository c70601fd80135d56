/** The profiles an agent may work under. */
export const profileNames = ["default", "research", "form_filling"] as const;

/** The name of a profile. */
export type ProfileName = (typeof profileNames)[number];

/** Whether a text is the name of a profile. */
export function isProfileName(name: string): name is ProfileName {
  return (profileNames as readonly string[]).includes(name);
}
