import type { FastifyReply } from "fastify";
import { html, type Markup } from "../html.ts";
import { messageBody } from "../layout.ts";
import { type Area, formOf, pageWriter } from "../office.ts";
import { note } from "../records.ts";
import { cookieOf } from "../sessions.ts";

const wrong = "Wrong user or password.";

/** Logging in, by a form, in two steps or with a one-time code; logging out; and an account that is locked. */
export const loginPages: Area = (app, office) => {
  const { records, sessions } = office;
  const show = pageWriter(office);
  const isKnown = (form: URLSearchParams) => form.get("username") === "demo" && form.get("password") === "demo";
  const begin = (reply: FastifyReply, user: string) =>
    reply.header("set-cookie", `session=${sessions.begin(user).id}; HttpOnly; SameSite=Lax; Path=/`).redirect("/orders", 303);
  const keep = (way: string, user: string | null, accepted: boolean) => note(records.logins, { user: user ?? "", way, accepted });

  app.get("/login", (request, reply) => show(request, reply, "Log in", loginForm("/login")));
  app.post("/login", (request, reply) => {
    const form = formOf(request);
    const user = form.get("username");
    keep("form", user, isKnown(form));
    if (user === "locked") return reply.redirect("/account", 303);
    return isKnown(form) ? begin(reply, "demo") : show(request, reply, "Log in", loginForm("/login", wrong), 401);
  });
  app.get("/account", (request, reply) =>
    show(request, reply, "Account", messageBody("Account", "This account is locked: wrong password too often.")),
  );

  app.get("/login/two-step", (request, reply) => show(request, reply, "Log in", userForm));
  app.post("/login/two-step", (request, reply) => show(request, reply, "Log in", passwordForm(formOf(request).get("username") ?? "")));
  app.post("/login/two-step/password", (request, reply) => {
    const form = formOf(request);
    keep("two-step", form.get("username"), isKnown(form));
    return isKnown(form) ? begin(reply, "demo") : show(request, reply, "Log in", passwordForm(form.get("username") ?? "", wrong), 401);
  });

  app.get("/login/with-code", (request, reply) => show(request, reply, "Log in", loginForm("/login/with-code")));
  app.post("/login/with-code", (request, reply) => {
    if (isKnown(formOf(request)))
      return reply.header("set-cookie", "first-factor=given; HttpOnly; Path=/login").redirect("/login/code", 303);
    keep("code", formOf(request).get("username"), false);
    return show(request, reply, "Log in", loginForm("/login/with-code", wrong), 401);
  });
  app.get("/login/code", (request, reply) => show(request, reply, "Log in", codeForm()));
  app.post("/login/code", (request, reply) => {
    if (cookieOf(request.headers.cookie, "first-factor") !== "given") return reply.redirect("/login/with-code", 303);
    const at = records.codes.indexOf(formOf(request).get("code") ?? "");
    keep("code", "demo", at >= 0);
    if (at < 0) return show(request, reply, "Log in", codeForm("This code is not valid."), 401);
    records.codes.splice(at, 1);
    return begin(reply, "demo");
  });

  app.post("/logout", (request, reply) => {
    const session = sessions.of(request.headers.cookie);
    if (session !== undefined) {
      sessions.end(session.id);
      note(records.logouts, session.user);
    }
    return reply.header("set-cookie", "session=; Max-Age=0; Path=/").redirect("/login", 303);
  });
};

const alertOf = (problem: string | undefined) => problem !== undefined && html`<p class="alert" role="alert">${problem}</p>`;

function loginForm(action: string, problem?: string): Markup {
  return html`<h1>Log in</h1>${alertOf(problem)}
<form method="post" action="${action}"><label>User<input name="username" autocomplete="username" autofocus></label>
<label>Password<input name="password" type="password" autocomplete="current-password"></label><button type="submit">Log in</button></form>`;
}

const userForm = html`<h1>Log in</h1>
<form method="post" action="/login/two-step"><label>User<input name="username" autocomplete="username" autofocus></label><button type="submit">Next</button></form>`;

function passwordForm(user: string, problem?: string): Markup {
  return html`<h1>Log in</h1>${alertOf(problem)}
<form method="post" action="/login/two-step/password"><p>User <b>${user}</b></p><input type="hidden" name="username" value="${user}">
<label>Password<input name="password" type="password" autocomplete="current-password" autofocus></label><button type="submit">Log in</button></form>`;
}

function codeForm(problem?: string): Markup {
  return html`<h1>Enter your code</h1>${alertOf(problem)}<form method="post" action="/login/code">
<label>One-time code<input name="code" inputmode="numeric" autocomplete="one-time-code" autofocus></label><button type="submit">Confirm</button></form>`;
}
