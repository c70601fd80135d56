/** The challenges that are known: Cloudflare's own page, and the widgets of Turnstile, reCAPTCHA and hCaptcha. */
export type CaptchaKind = "cloudflare" | "turnstile" | "recaptcha" | "hcaptcha";

/** A challenge that a page shows, and that is not solved. */
export interface Captcha {
  readonly kind: CaptchaKind;
  /** Whether it stands before the page, instead of somewhere on it: the page is a challenge, or holds little else. */
  readonly isBlocking: boolean;
}

/** Runs in the page and names nothing from outside; a document that is still coming cannot be judged. A widget whose answer is filled in is solved; one that only watches (reCAPTCHA 3, invisible ones) asks nothing. */
export function lookForCaptcha(): Captcha | "none" | "unknown" {
  const littleText = 600;
  const challenge = "#challenge-running, #challenge-stage, #challenge-form, .cf-challenge";
  if (/just a moment/i.test(document.title) || document.querySelector(challenge) !== null) return { kind: "cloudflare", isBlocking: true };
  const widgets = [
    {
      kind: "turnstile",
      box: ".cf-turnstile, iframe[src*='challenges.cloudflare.com']",
      answer: "[name='cf-turnstile-response']",
    },
    {
      kind: "recaptcha",
      box: ".g-recaptcha, iframe[src*='/recaptcha/'], iframe[src*='recaptcha.net']",
      answer: "[name='g-recaptcha-response']",
    },
    { kind: "hcaptcha", box: ".h-captcha, iframe[src*='hcaptcha.com']", answer: "[name='h-captcha-response']" },
  ] as const;
  // Most pages show none: they are searched once, not for each.
  const isSought = document.querySelector(widgets.map(({ box }) => box).join()) !== null;
  for (const { kind, box, answer } of isSought ? widgets : []) {
    const shows = [...document.querySelectorAll(box)].some(
      (element) =>
        element.closest(".grecaptcha-badge, [data-size='invisible']") === null &&
        element.checkVisibility({ visibilityProperty: true, opacityProperty: true }),
    );
    const isSolved = [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(answer)].some(({ value }) => value !== "");
    if (shows && !isSolved) return { kind, isBlocking: (document.body?.innerText ?? "").trim().length < littleText };
  }
  return document.readyState === "loading" ? "unknown" : "none";
}
