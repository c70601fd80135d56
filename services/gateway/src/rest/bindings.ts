import { type DescField, type DescMethod, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { RestBinding_Form, rest } from "@clew/proto/connect/clew/run/v1/rest_pb";
import { http } from "@clew/proto/connect/google/api/annotations_pb";

/** How one RPC looks at the REST door. */
export interface Binding {
  readonly method: DescMethod;
  readonly verb: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** The path as it is documented, such as `/v1/runs/{run_id}`. */
  readonly path: string;
  /** The path as the router takes it, such as `/v1/runs/:run_id`. */
  readonly route: string;
  /** The request's fields that the path names. */
  readonly pathFields: readonly DescField[];
  /** The field that the body is, `*` for all that the path does not name, or no body. */
  readonly body: DescField | "*" | undefined;
  /** The request's fields that the query may name. */
  readonly queryFields: readonly DescField[];
  /** The field of the response that is answered; the whole response when absent. */
  readonly responseBody: DescField | undefined;
  /** The status of success. */
  readonly status: number;
  readonly form: RestBinding_Form;
  /** The path of the Location header, with `{id}` to be taken from the answer; empty when none. */
  readonly location: string;
}

/** Reads the REST bindings of a service from `google.api.http` and our `rest` option. @throws Error where a binding names what is not there. */
export function readBindings(service: DescService): Binding[] {
  return service.methods.flatMap((method) => (hasOption(method, http) ? [readBinding(method)] : []));
}

function readBinding(method: DescMethod): Binding {
  const rule = getOption(method, http);
  const { status, form, location } = getOption(method, rest);
  const { verb, path } = readPattern(method, rule.pattern);
  const pathFields = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => fieldOf(method.input.fields, name ?? "", method));
  const body = rule.body === "*" || rule.body === "" ? rule.body || undefined : fieldOf(method.input.fields, rule.body, method);
  const isQueryable = (field: DescField) => !pathFields.includes(field) && field !== body && isQueryField(field);
  return {
    method,
    verb,
    path,
    route: path.replaceAll(/\{(\w+)\}/g, ":$1"),
    pathFields,
    body: body === "*" ? "*" : body,
    queryFields: body === "*" ? [] : method.input.fields.filter(isQueryable),
    responseBody: rule.responseBody === "" ? undefined : fieldOf(method.output.fields, rule.responseBody, method),
    status: status || 200,
    form: form || RestBinding_Form.FORM_UNSPECIFIED,
    location,
  };
}

function readPattern(
  method: DescMethod,
  { case: kind, value }: ReturnType<typeof getOption<typeof http, DescMethod>>["pattern"],
): Pick<Binding, "verb" | "path"> {
  switch (kind) {
    case "get":
      return { verb: "GET", path: value };
    case "post":
      return { verb: "POST", path: value };
    case "put":
      return { verb: "PUT", path: value };
    case "patch":
      return { verb: "PATCH", path: value };
    case "delete":
      return { verb: "DELETE", path: value };
    default:
      throw new Error(`${method.name} has a REST binding without a verb we serve.`);
  }
}

function fieldOf(fields: readonly DescField[], name: string, method: DescMethod): DescField {
  const field = fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`${method.name}'s REST binding names a field that is not there: ${name}.`);
  return field;
}

/** Messages other than these have no form in a query. */
function isQueryField(field: DescField): boolean {
  if (field.fieldKind === "map") return false;
  const { message } = field;
  return message === undefined || message.typeName === "google.protobuf.Duration" || message.typeName === "google.protobuf.Timestamp";
}
