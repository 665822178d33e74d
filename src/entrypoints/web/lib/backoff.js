// How long to wait before trying again: doubling, capped, and spread out so that clients do not return in step.

export function backoff(attempt, { base = 500, cap = 30_000 } = {}) {
  const ceiling = Math.min(cap, base * 2 ** Math.min(attempt, 16));
  return ceiling / 2 + Math.random() * (ceiling / 2);
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
