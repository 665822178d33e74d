// The one realtime connection of this page, and how a command finds its way: by frame when it is up, else by HTTP.

import { accessToken, logOut, session } from "./session.js";
import { createSocket } from "./socket.js";
import { set } from "./store.js";

const handlers = { event: () => {}, welcome: () => {} };

/** Where events and welcomes go. Set once, by the module that keeps everything in step. */
export function connectTo({ onEvent, onWelcome }) {
  handlers.event = onEvent;
  handlers.welcome = onWelcome;
}

export const socket = createSocket({
  accessToken,
  expiresAt: () => session.expiresAt,
  onEvent: (frame) => handlers.event(frame),
  onWelcome: (frame) => handlers.welcome(frame),
  onState: (status, stopped) => set({ connection: { status, stopped } }),
  // The refresh has failed by now, so this tells the other tabs and shows the log-in screen.
  onSignedOut: () => logOut().catch(() => {}),
});

const noFrames = new Set();

/** True when frames of this type can be tried: ten unknown ones would cost the connection. */
export function framesWork(type) {
  return socket.online && !noFrames.has(type);
}

/** Sends by frame where possible. A frame the server does not know is not tried again; HTTP takes over. */
export async function command(frame, overHttp) {
  if (!framesWork(frame.type)) return overHttp();
  try {
    return await socket.request(frame);
  } catch (error) {
    if (error.code !== "malformed_frame") throw error;
    noFrames.add(frame.type);
    return overHttp();
  }
}
