// Drawing attention to a message that comes while nobody looks at this page, as far as the settings want it.

import { openConversation } from "./actions.js";
import { titleOf } from "./people.js";
import { session } from "./session.js";
import { store } from "./store.js";

const VIBRATION_MS = 120;
const NOTES = [660, 880]; // Hz, one after the other

let audio = null;

function chime() {
  try {
    audio ??= new AudioContext();
    NOTES.forEach((frequency, at) => {
      const start = audio.currentTime + at * 0.12;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.08, start);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.25);
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.25);
    });
  } catch {
    // No sound device, or sound not allowed here.
  }
}

function show(conversation, message, { name, text }) {
  if (globalThis.Notification?.permission !== "granted") return;
  const group = conversation.type === "GROUP";
  try {
    const notification = new Notification(group ? titleOf(conversation, session.user?.id) : name, {
      body: group ? `${name}: ${text}` : text, tag: conversation.id, icon: "/static/icon.svg", silent: true,
    });
    notification.onclick = () => {
      window.focus();
      openConversation(conversation.id);
      notification.close();
    };
  } catch {
    // Some mobile browsers have the name and not the thing.
  }
}

export function alertTo(conversation, message, words) {
  const { settings } = store;
  if (!settings?.notifications_enabled) return;
  if (document.visibilityState === "visible" && document.hasFocus()) return;
  const muted = Date.parse(conversation.me?.muted_until ?? "") > Date.now();
  if (muted || store.people.get(message.sender_id)?.is_blocked) return;
  show(conversation, message, words);
  if (settings.notification_sound !== "none") chime();
  if (settings.notification_vibrate) navigator.vibrate?.(VIBRATION_MS);
}
