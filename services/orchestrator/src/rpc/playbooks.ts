import { invalidRequest } from "@clew/fault/fault";
import type { GetPlaybookResponse, ListPlaybooksResponse, ValidatePlaybookResponse } from "@clew/proto/grpc/clew/run/v1/run_service";
import { type Catalogue, describeSource } from "../playbooks/catalogue.ts";
import { limits } from "../runs/limits.ts";

/** Lists the catalogue, broken playbooks with their errors. */
export async function listPlaybooks(catalogue: Catalogue): Promise<ListPlaybooksResponse> {
  return { playbooks: (await catalogue.list()).map(({ id, source }) => describeSource(source, id)) };
}

/** Reads one playbook of the catalogue. */
export async function getPlaybook(playbookId: string, catalogue: Catalogue): Promise<GetPlaybookResponse> {
  const { id, source } = await catalogue.get(playbookId);
  return { playbook: describeSource(source, id) };
}

/** Checks the text of a playbook. */
export function validatePlaybook(source: string): ValidatePlaybookResponse {
  if (Buffer.byteLength(source) > limits.playbookSourceBytes) {
    throw invalidRequest([{ field: "source", rule: "max_bytes", message: `must have at most ${limits.playbookSourceBytes} bytes` }]);
  }
  const playbook = describeSource(source, undefined);
  return { valid: playbook.problems.length === 0, playbook, problems: playbook.problems };
}
