import type { PlaybookSelector, PlaybookStep, PlaybookVerification } from "./playbook-schema.ts";

/** Where in a step a template stands, which decides how values are escaped in it. */
export type TemplateContext = "selector" | "url" | "text";

/** Gives a template's replacement; `field` is its path within the step. */
export type MapTemplate = (template: string, context: TemplateContext, field: string) => string;

/** Copies a step with every template it holds replaced. */
export function mapStepTemplates(step: PlaybookStep, map: MapTemplate): PlaybookStep {
  const common = {
    description: map(step.description, "text", "description"),
    failure_message: map(step.failure_message, "text", "failure_message"),
    ...(step.verify && { verify: mapVerification(step.verify, map) }),
  };
  switch (step.action) {
    case "goto":
      return { ...step, ...common, params: { ...step.params, url: map(step.params.url, "url", "params.url") } };
    case "key_press":
      return { ...step, ...common, ...mapOptionalSelector(step.selector, map), params: mapKeyPress(step.params, map) };
    case "select":
      return {
        ...step,
        ...common,
        selector: mapSelector(step.selector, map),
        params: { ...step.params, value: map(step.params.value, "text", "params.value") },
      };
    case "click":
    case "wait_for":
      return { ...step, ...common, selector: mapSelector(step.selector, map) };
    case "extract":
    case "llm_extract":
      return { ...step, ...common, ...mapOptionalSelector(step.selector, map) };
    case "evaluate":
    case "api_request":
      return { ...step, ...common };
  }
}

function mapKeyPress<P extends { text?: string | undefined; key?: string | undefined }>(params: P, map: MapTemplate): P {
  return {
    ...params,
    ...(params.text !== undefined && { text: map(params.text, "text", "params.text") }),
    ...(params.key !== undefined && { key: map(params.key, "text", "params.key") }),
  };
}

function mapOptionalSelector(selector: PlaybookSelector | undefined, map: MapTemplate): { selector?: PlaybookSelector } {
  return selector === undefined ? {} : { selector: mapSelector(selector, map) };
}

function mapSelector(selector: PlaybookSelector, map: MapTemplate): PlaybookSelector {
  return {
    primary: map(selector.primary, "selector", "selector.primary"),
    fallbacks: selector.fallbacks.map((fallback, index) => map(fallback, "selector", `selector.fallbacks[${index}]`)),
    description: map(selector.description, "text", "selector.description"),
  };
}

const verificationContexts = {
  expect_url_contains: "url",
  expect_element_visible: "selector",
  expect_element_gone: "selector",
  expect_text_on_page: "text",
} as const;

function mapVerification(verify: PlaybookVerification, map: MapTemplate): PlaybookVerification {
  const mapped: PlaybookVerification = { ...verify };
  for (const [key, context] of Object.entries(verificationContexts)) {
    const name = key as keyof typeof verificationContexts;
    const template = verify[name];
    if (template !== undefined) mapped[name] = map(template, context, `verify.${name}`);
  }
  return mapped;
}
