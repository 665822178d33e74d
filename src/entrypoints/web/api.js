// The HTTP routes this client uses, by name, with the access token attached and renewed.

import { ApiError, call } from "./http.js";
import { uuid } from "./lib/ids.js";
import { accessToken, refresh } from "./session.js";

export { ApiError };

const unsupported = new Set();

/** False once the server has said that it does not have this feature; screens then hide it. */
export function offers(feature) {
  return !unsupported.has(feature);
}

async function request(method, path, options = {}) {
  const token = await accessToken();
  try {
    return await call(method, path, { ...options, token });
  } catch (error) {
    if (error.status !== 401) throw error;
    // Expired or signed with a retired key: one fresh token and one more try, then the answer stands.
    const current = await accessToken();
    if (current === token) await refresh();
    return call(method, path, { ...options, token: await accessToken() });
  }
}

/** A request for something a server may lack. It is asked once; after that the answer is known. */
async function optional(feature, method, path, options) {
  if (!offers(feature)) throw new ApiError({ status: 404, code: "route_not_found" });
  try {
    return await request(method, path, options);
  } catch (error) {
    if (error.unsupported) unsupported.add(feature);
    throw error;
  }
}

const once = () => ({ "Idempotency-Key": uuid() });
const contact = (id, rest = "") => `/v1/contacts/${encodeURIComponent(id)}${rest}`;
const conversation = (id, rest = "") => `/v1/conversations/${encodeURIComponent(id)}${rest}`;
const member = (id, userId) => conversation(id, `/members/${encodeURIComponent(userId)}`);
const message = (id, rest = "") => `/v1/messages/${encodeURIComponent(id)}${rest}`;

export const api = {
  me: () => request("GET", "/v1/users/me", { as: "tagged" }),
  updateMe: (fields, etag) =>
    request("PATCH", "/v1/users/me", { body: fields, headers: etag ? { "If-Match": etag } : {}, as: "tagged" }),
  settings: () => request("GET", "/v1/users/me/settings"),
  // Nobody waits for a switch to be saved before leaving the page.
  updateSettings: (fields) => request("PATCH", "/v1/users/me/settings", { body: fields, keepalive: true }),
  deactivate: (password) => request("POST", "/v1/users/me/deactivate", { body: { password }, headers: once() }),
  erase: (password, redactMessages) =>
    request("POST", "/v1/users/me/erase", {
      body: { password, redact_messages: redactMessages }, headers: once(), timeoutMs: 60_000,
    }),
  exportMine: () => request("GET", "/v1/users/me/export", { as: "blob", timeoutMs: 600_000 }),
  changePassword: (current, wished) =>
    request("PUT", "/v1/auth/password", { body: { current_password: current, new_password: wished } }),
  sessions: () => request("GET", "/v1/sessions"),
  endSession: (id) => request("DELETE", `/v1/sessions/${encodeURIComponent(id)}`),

  searchUsers: (query) => optional("search", "GET", "/v1/users", { query: { query, limit: 20 } }),
  usersById: (ids) => request("GET", "/v1/users", { query: { ids: ids.join(",") } }),
  user: (id) => request("GET", `/v1/users/${encodeURIComponent(id)}`),
  presence: (ids) => optional("presence", "GET", "/v1/presence", { query: { user_ids: ids.join(",") } }),
  picture: (url) => request("GET", url, { as: "blob" }),

  contacts: ({ blocked, cursor }) => request("GET", "/v1/contacts", { query: { blocked, cursor, limit: 100 } }),
  saveContact: (id, nickname) => request("PUT", contact(id), { body: nickname ? { nickname } : {} }),
  removeContact: (id) => request("DELETE", contact(id)),
  block: (id) => request("PUT", contact(id, "/block")),
  unblock: (id) => request("DELETE", contact(id, "/block")),

  conversations: (cursor, archived) =>
    request("GET", "/v1/conversations", { query: { limit: 100, cursor, archived } }),
  conversation: (id) => request("GET", conversation(id)),
  members: (id, cursor) => optional("members", "GET", conversation(id, "/members"), { query: { limit: 100, cursor } }),
  openDirect: (userId) =>
    request("POST", "/v1/conversations/direct", { body: { user_id: userId }, headers: once() }),
  createGroup: (fields) => request("POST", "/v1/conversations/groups", { body: fields, headers: once() }),
  updateConversation: (id, fields) => request("PATCH", conversation(id), { body: fields }),
  closeGroup: (id) => request("DELETE", conversation(id)),
  updateMine: (id, fields) => request("PATCH", conversation(id, "/me"), { body: fields }),
  clear: (id) => request("POST", conversation(id, "/clear"), { headers: once() }),
  addMembers: (id, userIds) =>
    request("POST", conversation(id, "/members"), { body: { user_ids: userIds }, headers: once() }),
  changeMember: (id, userId, fields) => request("PATCH", member(id, userId), { body: fields }),
  removeMember: (id, userId) => request("DELETE", member(id, userId)),
  leave: (id, successorId) =>
    request("POST", conversation(id, "/leave"), {
      body: successorId ? { successor_id: successorId } : {}, headers: once(),
    }),
  transfer: (id, userId) =>
    request("POST", conversation(id, "/transfer"), { body: { user_id: userId }, headers: once() }),
  sync: (revisions, cursor) => request("POST", "/v1/sync", { body: { revisions, ...(cursor ? { cursor } : {}) } }),
  changes: (id, revision, mine) =>
    optional("changes", "GET", conversation(id, "/changes"), {
      query: { since_revision: revision, since_me: mine, limit: 100 },
    }),
  markRead: (id, sequence) =>
    optional("read", "POST", conversation(id, "/read"), { body: { up_to_sequence: sequence }, headers: once() }),
  markDelivered: (id, sequence) =>
    optional("delivered", "POST", conversation(id, "/delivered"), {
      body: { up_to_sequence: sequence }, headers: once(),
    }),

  messages: (id, place = {}) => request("GET", conversation(id, "/messages"), { query: { limit: 50, ...place } }),
  send: (id, body) => request("POST", conversation(id, "/messages"), { body }),
  message: (id) => request("GET", message(id)),
  editMessage: (id, content) => request("PATCH", message(id), { body: { content } }),
  deleteMessage: (id, whom) => request("DELETE", message(id), { query: { for: whom } }),
  forward: (id, body) => request("POST", message(id, "/forward"), { body }),
  react: (id, code) => request("PUT", message(id, `/reactions/${encodeURIComponent(code)}`)),
  unreact: (id, code) => request("DELETE", message(id, `/reactions/${encodeURIComponent(code)}`)),
  reactions: (id, cursor) => request("GET", message(id, "/reactions"), { query: { limit: 100, cursor } }),
  receipts: (id, cursor) => request("GET", message(id, "/receipts"), { query: { limit: 100, cursor } }),
};
