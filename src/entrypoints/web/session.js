// Who is logged in, and with which access token. The token lives in this module's memory only: never in
// storage, never in an address. The refresh token is a cookie that scripts cannot read.

import { ApiError, call } from "./http.js";
import { deviceId } from "./lib/ids.js";

const LOCK = "sentinal.session";
const listeners = new Set();
const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("sentinal.session") : null;

let tokens = null; // {user, session_id, access_token}
let expiresAt = 0; // by this machine's clock, counted from the answer, so a wrong clock does no harm
let adopted = 0; // counts tokens taken over from other tabs
let refreshing = null;

let isNew = false;

/** "unknown" until the first refresh has been answered, then "in" or "out". */
let status = "unknown";

export const session = {
  get status() { return status; },
  get user() { return tokens?.user ?? null; },
  get id() { return tokens?.session_id ?? null; },
  get expiresAt() { return expiresAt; },
  /** True while the person is here for the first time: what this browser shows is then what they want. */
  get isNew() { return isNew; },
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

function changed() {
  for (const listener of listeners) listener();
}

/** One tab at a time touches the refresh cookie: two would race over its rotation. */
function exclusively(work) {
  return navigator.locks ? navigator.locks.request(LOCK, work) : work();
}

function accept(answer) {
  if (tokens && tokens.user.id !== answer.user.id) {
    // Another person logged in from this browser: nothing on this page is theirs.
    location.reload();
    return;
  }
  tokens = answer;
  expiresAt = Date.now() + answer.expires_in * 1000;
  status = "in";
  changed();
}

function leave() {
  tokens = null;
  isNew = false;
  expiresAt = 0;
  status = "out";
  changed();
}

channel?.addEventListener("message", ({ data }) => {
  if (data?.type === "tokens") {
    adopted += 1;
    accept(data.tokens);
  } else if (data?.type === "signed-out" && status === "in") {
    leave();
  }
});

function announce(answer) {
  channel?.postMessage({ type: "tokens", tokens: answer });
}

async function refreshOnce(adoptedBefore) {
  // While this tab waited for the lock another one may have refreshed and shared its answer.
  if (adopted !== adoptedBefore && expiresAt > Date.now()) return;
  try {
    const answer = await call("POST", "/v1/auth/refresh");
    accept(answer);
    announce(answer);
  } catch (error) {
    if (error.status === 401 || error.status === 403) leave();
    throw error;
  }
}

/** Trades the cookie for a fresh access token; callers at the same time share one request. */
export function refresh() {
  const before = adopted;
  refreshing ??= exclusively(() => refreshOnce(before)).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** An access token that is good for at least that long. */
export async function accessToken({ minimumMs = 20_000 } = {}) {
  if (status === "in" && expiresAt - Date.now() > minimumMs) return tokens.access_token;
  await refresh();
  if (!tokens) throw new ApiError({ status: 401, code: "unauthenticated" });
  return tokens.access_token;
}

async function enter(path, body) {
  const answer = await exclusively(() =>
    call("POST", path, { body: { ...body, device_id: deviceId(), device_type: "web" } }));
  accept(answer);
  announce(answer);
}

export const logIn = (identifier, password) => enter("/v1/auth/login", { identifier, password });

export async function register(fields) {
  isNew = true;
  try {
    await enter("/v1/auth/register", fields);
  } catch (error) {
    isNew = false;
    throw error;
  }
}

/** Ends this session, or all of them. Throws when the server could not be told, and then nothing has changed. */
export async function logOut({ everywhere = false } = {}) {
  try {
    // Asked for before the lock is taken: a refresh inside would wait for the lock for ever.
    const token = await accessToken();
    await exclusively(() => call("POST", everywhere ? "/v1/auth/logout-all" : "/v1/auth/logout", { token }));
  } catch (error) {
    if (error.status !== 401) throw error;
  }
  forgetSession();
}

/** The server has ended the session (account deactivated or erased): this tab and the others follow. */
export function forgetSession() {
  channel?.postMessage({ type: "signed-out" });
  if (status !== "out") leave();
}

/** My profile changed; keeps what other screens show of me in step. */
export function updateUser(user) {
  if (!tokens) return;
  tokens = { ...tokens, user: { ...tokens.user, ...user } };
  changed();
}
