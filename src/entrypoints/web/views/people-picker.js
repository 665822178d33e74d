// Finding people: those I already talk to at once, everybody else as the server answers.

import { acquaintances } from "../actions.js";
import { api, offers } from "../api.js";
import { t } from "../i18n.js";
import { html, useEffect, useRef, useState } from "../lib/ui.js";
import { useSession } from "../lib/use-store.js";
import { nameOfUser } from "../people.js";
import { Avatar } from "./avatar.js";
import { Icon } from "./icons.js";
import { problemText } from "./problem.js";

const SHORTEST = 2;
const PAUSE_MS = 250;

function useSearch(query) {
  const [found, setFound] = useState({ query: "", users: [], error: null, busy: false });
  useEffect(() => {
    const wanted = query.trim().replace(/^@/, "");
    if (wanted.length < SHORTEST || !offers("search")) {
      setFound({ query: wanted, users: [], error: null, busy: false });
      return undefined;
    }
    let current = true;
    setFound((before) => ({ ...before, busy: true }));
    const timer = setTimeout(async () => {
      try {
        const { items } = await api.searchUsers(wanted);
        if (current) setFound({ query: wanted, users: items, error: null, busy: false });
      } catch (error) {
        // Answers to an older question are of no use any more.
        if (current) setFound({ query: wanted, users: [], error: error.unsupported ? null : error, busy: false });
      }
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [query]);
  return found;
}

function noteFor(query, { users, error, busy, query: answered }, known) {
  if (error) return problemText(error);
  if (!offers("search")) return t("people.search_missing");
  if (query.trim().length < SHORTEST) return known.length ? "" : t("people.hint");
  if (busy || answered !== query.trim().replace(/^@/, "")) return t("people.searching");
  return users.length + known.length ? "" : t("people.nobody", { query: query.trim() });
}

function Person({ user, chosen, onPick }) {
  const mark = chosen === undefined ? {} : { "aria-pressed": chosen ? "true" : "false" };
  return html`
    <li>
      <button type="button" class="person" data-testid="person" data-id=${user.id} ...${mark} onClick=${() => onPick(user)}>
        <${Avatar} id=${user.id} name=${nameOfUser(user)} url=${user.avatar_url} />
        <span class="person-name" dir="auto">${nameOfUser(user)}</span>
        <span class="person-handle" dir="auto">${user.username ? `@${user.username}` : ""}</span>
        ${chosen && html`<${Icon} name="check" />`}
      </button>
    </li>`;
}

export function Chosen({ people, onRemove }) {
  if (!people.length) return null;
  return html`
    <ul class="chips" aria-label=${t("group.chosen")}>
      ${people.map((user) => html`
        <li key=${user.id}>
          <button type="button" class="chip" aria-label=${t("group.remove", { name: nameOfUser(user) })}
            onClick=${() => onRemove(user)}><span dir="auto">${nameOfUser(user)}</span><${Icon} name="close" size="14" />
          </button>
        </li>`)}
    </ul>`;
}

/** `chosen` (a list) makes it a choice of several; without it the first pick is the answer.
 *  `without`: the ids of people who are not to be offered. */
export function PeoplePicker({ onPick, chosen, inputId, withMe, without }) {
  const [query, setQuery] = useState("");
  const me = useSession((session) => session.user);
  const found = useSearch(query);
  const known = acquaintances(query.replace(/^\s*@/, ""), me.id);
  const others = found.users.filter((user) => !known.some((one) => one.id === user.id));
  const people = [...known, ...others]
    .filter((user) => (withMe || user.id !== me.id) && !without?.has(user.id));
  const note = noteFor(query, found, known);
  const input = useRef(null);

  useEffect(() => input.current?.focus(), []);

  function pick(user) {
    onPick(user);
    if (!chosen) return;
    setQuery("");
    input.current.focus();
  }

  function onKeyDown(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    // Enter must not submit the form around it; it takes the username that was typed in full, or the only result.
    event.preventDefault();
    const exact = people.find((user) => user.username?.toLowerCase() === query.trim().replace(/^@/, "").toLowerCase());
    const only = people.length === 1 && query.trim() ? people[0] : null;
    if (exact ?? only) pick(exact ?? only);
  }

  return html`
    <div class="picker">
      <label class="visually-hidden" for=${inputId}>${t("people.search")}</label>
      <div class="search-box">
        <${Icon} name="search" size="18" />
        <input id=${inputId} ref=${input} type="text" role="searchbox" inputmode="search" data-testid="people-search" value=${query} autocomplete="off"
          autocapitalize="none" spellcheck="false" placeholder=${t("people.placeholder")}
          onInput=${(event) => setQuery(event.currentTarget.value)} onKeyDown=${onKeyDown} />
      </div>
      <p class="picker-note" role="status">${note}</p>
      <ul class="people" aria-label=${t("people.results")}>
        ${people.map((user) => html`
          <${Person} key=${user.id} user=${user} onPick=${pick}
            chosen=${chosen ? chosen.some((one) => one.id === user.id) : undefined} />`)}
      </ul>
    </div>`;
}
