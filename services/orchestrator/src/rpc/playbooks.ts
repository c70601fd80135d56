import { invalidRequest } from "@clew/fault/fault";
import { parsePlaybook } from "@clew/playbook/parse-playbook";
import type {
  GetPlaybookResponse,
  ListPlaybooksResponse,
  Playbook,
  ValidatePlaybookResponse,
} from "@clew/proto/grpc/clew/run/v1/run_service";
import { findCalled } from "../playbooks/called-playbooks.ts";
import { type Catalogue, describeSource } from "../playbooks/catalogue.ts";
import { limits } from "../runs/limits.ts";

/** Lists the catalogue, broken playbooks with their errors. */
export async function listPlaybooks(catalogue: Catalogue): Promise<ListPlaybooksResponse> {
  return { playbooks: (await catalogue.list()).map(({ id, source }) => describeSource(source, id)) };
}

/** Reads one playbook of the catalogue, with what is wrong with its calls. */
export async function getPlaybook(playbookId: string, catalogue: Catalogue): Promise<GetPlaybookResponse> {
  const { id, source } = await catalogue.get(playbookId);
  return { playbook: await checkWhole(source, id, catalogue) };
}

/** Checks the text of a playbook, and its calls of others against the catalogue. */
export async function validatePlaybook(source: string, catalogue: Catalogue): Promise<ValidatePlaybookResponse> {
  if (Buffer.byteLength(source) > limits.playbookSourceBytes) {
    throw invalidRequest([{ field: "source", rule: "max_bytes", message: `must have at most ${limits.playbookSourceBytes} bytes` }]);
  }
  const playbook = await checkWhole(source, undefined, catalogue);
  return { valid: playbook.problems.length === 0, playbook, problems: playbook.problems };
}

/** Describes a playbook with all that is wrong with its text, its calls, and the playbooks that it calls. */
async function checkWhole(source: string, id: string | undefined, catalogue: Catalogue): Promise<Playbook> {
  const described = describeSource(source, id);
  const parsed = parsePlaybook(source, id === undefined ? {} : { id });
  const { problems } = await findCalled("playbook" in parsed ? parsed.playbook.id : (id ?? ""), parsed, catalogue);
  const placed = problems.map(({ playbook = "", ...problem }) => ({ ...problem, playbook }));
  return { ...described, problems: [...described.problems, ...placed] };
}
