import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact } from "@clew/proto/grpc/clew/run/v1/run";

/** The exact texts a run runs. */
export interface PlaybookTexts {
  readonly playbookSource: string;
  /** Those of the playbooks it calls, by id. */
  readonly calledPlaybooks: Readonly<Record<string, string>>;
}

const own = "playbook.yaml";
const called = /^playbook-(.+)\.yaml$/;

/** The artifacts that keep the exact texts, by name. */
export function playbookArtifacts(
  playbookSource: string,
  calledPlaybooks: Readonly<Record<string, string>>,
): readonly (readonly [name: string, text: string])[] {
  const texts = playbookSource === "" ? [] : [[own, playbookSource] as const];
  return [...texts, ...Object.entries(calledPlaybooks).map(([id, text]) => [`playbook-${id}.yaml`, text] as const)];
}

/** Whether only the orchestrator may give a file this name. */
export function isPlaybookArtifact(name: string): boolean {
  return name === own || called.test(name);
}

/** Reads the texts of a run back. All are empty where the volume no longer has one of them as it was. */
export async function readPlaybooks(folder: string, artifacts: readonly Artifact[]): Promise<PlaybookTexts> {
  const texts = new Map<string, string>();
  for (const { name, sha256 } of artifacts.filter((artifact) => isPlaybookArtifact(artifact.name))) {
    const text = await readFile(join(folder, "artifacts", name), "utf8").catch(() => "");
    if (createHash("sha256").update(text).digest("hex") !== sha256) return { playbookSource: "", calledPlaybooks: {} };
    texts.set(name, text);
  }
  const calls = [...texts].flatMap(([name, text]) => {
    const id = called.exec(name)?.[1];
    return id === undefined ? [] : [[id, text] as const];
  });
  return { playbookSource: texts.get(own) ?? "", calledPlaybooks: Object.fromEntries(calls) };
}
