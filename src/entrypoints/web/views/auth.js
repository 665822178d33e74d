// The way in: log in, or register.

import { language, languages, rememberLanguage, t } from "../i18n.js";
import { html, useState } from "../lib/ui.js";
import { logIn, register } from "../session.js";
import { Field } from "./field.js";
import { Icon } from "./icons.js";
import { FormProblem, useSubmission } from "./submission.js";

function LogIn({ onSwitch }) {
  const { busy, error, fields, onSubmit } = useSubmission(({ identifier, password }) =>
    logIn(identifier.trim(), password));
  return html`
    <form id="login-form" class="auth-form" onSubmit=${onSubmit} novalidate>
      <h1>${t("auth.login_title")}</h1>
      <p class="auth-lead">${t("auth.login_lead")}</p>
      <${Field} form="login" name="identifier" label=${t("auth.identifier")} problem=${fields.identifier}
        autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus />
      <${Field} form="login" name="password" type="password" label=${t("auth.password")}
        problem=${fields.password} autocomplete="current-password" required />
      <${FormProblem} error=${error} />
      <button class="button button-primary" type="submit" aria-busy=${busy ? "true" : null}>
        ${busy ? t("auth.logging_in") : t("auth.login")}
      </button>
      <p class="auth-switch">
        ${t("auth.no_account")} <button type="button" class="link" data-testid="show-register" onClick=${onSwitch}>
          ${t("auth.register")}</button>
      </p>
    </form>`;
}

function nonEmpty({ password, ...fields }) {
  const trimmed = Object.entries(fields).map(([name, value]) => [name, value.trim()]);
  // Passwords are never trimmed: a space may be meant.
  return { ...Object.fromEntries(trimmed.filter(([, value]) => value)), password };
}

function Register({ onSwitch }) {
  const { busy, error, fields, onSubmit } = useSubmission(async (values) => register(nonEmpty(values)));
  return html`
    <form id="register-form" class="auth-form" onSubmit=${onSubmit} novalidate>
      <h1>${t("auth.register_title")}</h1>
      <p class="auth-lead">${t("auth.register_lead")}</p>
      <${Field} form="register" name="display_name" label=${t("auth.display_name")} problem=${fields.display_name}
        autocomplete="name" maxlength="64" required autofocus />
      <${Field} form="register" name="username" label=${t("auth.username")} problem=${fields.username}
        hint=${t("auth.username_hint")} autocomplete="username" autocapitalize="none" spellcheck="false"
        maxlength="32" />
      <div class="field-pair">
        <${Field} form="register" name="email" type="email" label=${t("auth.email")} problem=${fields.email}
          autocomplete="email" maxlength="254" />
        <${Field} form="register" name="phone_number" type="tel" label=${t("auth.phone")}
          problem=${fields.phone_number} autocomplete="tel" placeholder="+44…" />
      </div>
      <${Field} form="register" name="password" type="password" label=${t("auth.password")}
        problem=${fields.password} hint=${t("auth.password_hint")} autocomplete="new-password" required />
      <${FormProblem} error=${error} />
      <button class="button button-primary" type="submit" aria-busy=${busy ? "true" : null}>
        ${busy ? t("auth.registering") : t("auth.register")}
      </button>
      <p class="auth-switch">
        ${t("auth.have_account")} <button type="button" class="link" data-testid="show-login" onClick=${onSwitch}>
          ${t("auth.login")}</button>
      </p>
    </form>`;
}

function Showcase() {
  return html`
    <div class="showcase" aria-hidden="true">
      <p class="showcase-bubble">${t("showcase.first")}</p>
      <p class="showcase-bubble showcase-mine">${t("showcase.second")} <${Icon} name="checks" size="16" /></p>
      <p class="showcase-bubble">${t("showcase.third")}</p>
    </div>`;
}

function Language() {
  return html`
    <label class="auth-language">
      <span class="visually-hidden">${t("appearance.language")}</span>
      <select data-testid="language" value=${language()} onChange=${(event) => rememberLanguage(event.currentTarget.value)}>
        ${languages().map(({ code, name }) => html`
          <option key=${code} value=${code} lang=${code} selected=${code === language()}>${name}</option>`)}
      </select>
    </label>`;
}

export function Auth() {
  const [registering, setRegistering] = useState(false);
  const form = registering
    ? html`<${Register} key="register" onSwitch=${() => setRegistering(false)} />`
    : html`<${LogIn} key="login" onSwitch=${() => setRegistering(true)} />`;
  return html`
    <div class="auth">
      <aside class="auth-brand">
        <p class="brand"><${Icon} name="mark" size="28" /> ${t("app.name")}</p>
        <${Showcase} />
        <p class="auth-tagline">${t("app.tagline")}</p>
      </aside>
      <main class="auth-main">${form}<${Language} /></main>
    </div>`;
}
