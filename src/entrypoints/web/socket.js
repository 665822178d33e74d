// The realtime connection: authenticate first, stay authenticated, notice silence, come back politely.

import { ApiError } from "./http.js";
import { backoff } from "./lib/backoff.js";

const WELCOME_MS = 15_000;
const QUIET_MS = 25_000;
const PONG_MS = 10_000;
const REQUEST_MS = 10_000;
const RENEW_BEFORE_MS = 60_000;
const STABLE_MS = 10_000;

/**
 * accessToken({minimumMs}) gives a token; expiresAt() says when it ends; onEvent gets server events;
 * onState gets (status, stoppedBecause); onWelcome gets the welcome frame; onSignedOut ends it all.
 */
export function createSocket({ accessToken, expiresAt, onEvent, onState, onWelcome, onSignedOut }) {
  let wanted = false;
  let socket = null;
  let status = "offline";
  let attempt = 0;
  let denials = 0; // 4401 in a row without a welcome in between
  let reconnectAfter = null;
  let references = 0;
  let pings = true;
  let pinging = false;
  const waiting = new Map(); // ref → {resolve, reject, timer}
  const timers = { retry: 0, welcome: 0, quiet: 0, pong: 0, renew: 0, stable: 0 };

  const after = (name, ms, work) => {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(work, ms);
  };

  function setStatus(next, stopped = null) {
    status = next;
    onState(next, stopped);
  }

  function send(frame) {
    socket.send(JSON.stringify(frame));
  }

  /** Sends a frame and resolves with its ack's result; rejects with an ApiError ("network" when unsure). */
  function request(frame, timeoutMs = REQUEST_MS) {
    if (status !== "online") return Promise.reject(new ApiError({ detail: "not connected" }));
    const ref = `r${(references += 1)}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(ref, "reject", new ApiError({ code: "timeout" })), timeoutMs);
      waiting.set(ref, { resolve, reject, timer });
      send({ ...frame, ref });
    });
  }

  function settle(ref, how, value) {
    const entry = waiting.get(ref);
    if (!entry) return;
    waiting.delete(ref);
    clearTimeout(entry.timer);
    entry[how](value);
  }

  async function connect() {
    clearTimeout(timers.retry);
    if (!wanted || socket) return;
    setStatus(hopeful());
    let token;
    try {
      token = await accessToken({ minimumMs: 30_000 });
    } catch (error) {
      if (error.status === 401 || error.status === 403) return;
      return retry(backoff(attempt++));
    }
    if (!wanted || socket) return;
    const url = new URL("/v1/realtime", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const opened = new WebSocket(url, ["sentinal.v1.json"]);
    socket = opened;
    after("welcome", WELCOME_MS, () => drop(opened));
    opened.onopen = () => opened.send(JSON.stringify({ type: "authenticate", access_token: token }));
    opened.onmessage = ({ data }) => {
      if (socket === opened) receive(data);
    };
    opened.onclose = ({ code }) => {
      if (socket === opened) closed(code);
    };
  }

  function drop(dead) {
    // close() waits for a handshake that a dead network never answers: do not wait with it.
    if (socket !== dead) return;
    dead.close();
    closed(1006);
  }

  /** The first few tries pass for "connecting"; after them a person is better told that there is no connection. */
  function hopeful() {
    return navigator.onLine === false || attempt > 3 ? "offline" : "connecting";
  }

  function retry(ms) {
    setStatus(hopeful());
    after("retry", ms, connect);
  }

  function closed(code) {
    socket = null;
    pinging = false;
    for (const name of Object.keys(timers)) clearTimeout(timers[name]);
    for (const ref of [...waiting.keys()]) settle(ref, "reject", new ApiError({ detail: `closed ${code}` }));
    if (!wanted) return setStatus("offline");
    if (code === 4401) return denied();
    // 4400–4499: coming back without changing something would only be refused again.
    if (code >= 4400 && code <= 4499) return setStatus("offline", code);
    const pause = reconnectAfter ?? backoff(attempt++);
    reconnectAfter = null;
    retry(pause);
  }

  async function denied() {
    setStatus(hopeful());
    denials += 1;
    try {
      // A fresh token is the change that 4401 asks for; when there is none, the session is over.
      await accessToken({ minimumMs: Infinity });
    } catch (error) {
      if (error.status === 401 || error.status === 403) return onSignedOut();
    }
    retry(denials > 1 ? backoff(denials + 2) : 0);
  }

  function receive(data) {
    clearTimeout(timers.pong);
    listenForSilence();
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    switch (frame.type) {
      case "welcome": return welcomed(frame);
      case "ack": return settle(frame.ref, "resolve", frame.result);
      case "error": return refused(frame);
      case "pong":
        pinging = false;
        return undefined;
      case "reconnect":
        reconnectAfter = frame.after_ms ?? 1000;
        return undefined;
      default: return onEvent(frame);
    }
  }

  function refused(frame) {
    const error = ApiError.fromProblem(frame.problem ?? {});
    if (frame.ref) return settle(frame.ref, "reject", error);
    if (error.code !== "malformed_frame") return undefined;
    // It may not have read the reference of a frame it does not know. Answers come in the order of the frames, so
    // it means the ping, which has none, or else the oldest one that waits. Asking again would cost the connection.
    if (pinging) pings = pinging = false;
    else settle(waiting.keys().next().value, "reject", error);
    return undefined;
  }

  function welcomed(frame) {
    clearTimeout(timers.welcome);
    denials = 0;
    setStatus("online");
    after("stable", STABLE_MS, () => { attempt = 0; });
    renewInTime();
    onWelcome(frame);
  }

  /** A browser cannot see protocol pings, so it asks by itself when it has heard nothing for a while. */
  function listenForSilence() {
    after("quiet", QUIET_MS, probe);
  }

  function probe() {
    if (status !== "online" || !pings) return;
    const asked = socket;
    pinging = true;
    send({ type: "ping" });
    after("pong", PONG_MS, () => drop(asked));
  }

  function renewInTime() {
    after("renew", Math.max(1000, expiresAt() - Date.now() - RENEW_BEFORE_MS), async () => {
      try {
        const token = await accessToken({ minimumMs: RENEW_BEFORE_MS + 5000 });
        if (status !== "online") return;
        await request({ type: "authenticate", access_token: token });
        renewInTime();
      } catch (error) {
        // The server gives a minute of grace; a connection that loses it comes back by 4401.
        if (status === "online" && error.temporary) after("renew", 5000, renewInTime);
      }
    });
  }

  /** Something changed for the better (network back, page visible, a person asked): try now. */
  function nudge() {
    if (!wanted) return;
    if (socket) probe();
    else connect();
  }

  return {
    request,
    nudge,
    get online() { return status === "online"; },
    start() {
      wanted = true;
      attempt = 0;
      connect();
    },
    stop() {
      wanted = false;
      const open = socket;
      closed(1000);
      open?.close(1000);
    },
  };
}
