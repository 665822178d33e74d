// Identifiers made in the browser: message ids that survive retries, and the id of this device.

const DEVICE_KEY = "sentinal.device_id";

export function uuid() {
  // randomUUID exists in secure contexts only; plain HTTP on a home network has none.
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

let fallbackDevice = null;

/** The same id for every log-in from this browser, so that logging in again replaces the session. */
export function deviceId() {
  try {
    let id = localStorage.getItem(DEVICE_KEY);
    if (!id) {
      id = uuid();
      localStorage.setItem(DEVICE_KEY, id);
    }
    return id;
  } catch {
    // Storage may be refused (private windows, policies): the id then lives as long as the page.
    return (fallbackDevice ??= uuid());
  }
}
