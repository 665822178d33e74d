// One HTTP call: JSON out, JSON in, and every failure as an ApiError that says whether trying again may help.

const TIMEOUT_MS = 20_000;

export class ApiError extends Error {
  constructor({ status = 0, code = "network", title = "", detail = "", errors = [], retryAfterMs = null }) {
    super(`${status} ${code}`);
    this.name = "ApiError";
    Object.assign(this, { status, code, title, detail, errors, retryAfterMs });
  }

  /** True when the same request may succeed later without anyone changing anything. */
  get temporary() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  /** True when this server does not offer the route at all. */
  get unsupported() {
    return this.code === "route_not_found" || this.code === "method_not_allowed";
  }

  static fromProblem(problem, retryAfterMs = null) {
    return new ApiError({ ...problem, errors: problem?.errors ?? [], retryAfterMs });
  }
}

function address(path, query) {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  return pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path;
}

function retryAfter(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}

async function failure(response) {
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // A proxy may answer with something that is no problem document; the status alone must do.
  }
  return ApiError.fromProblem(
    { title: response.statusText, code: `http_${response.status}`, ...problem, status: response.status },
    retryAfter(response),
  );
}

async function contentOf(response, as) {
  if (response.status === 204) return null;
  if (as === "blob") return response.blob();
  const content = await response.json();
  // What is going to be changed comes with its entity tag, for If-Match.
  return as === "tagged" ? { content, etag: response.headers.get("ETag") } : content;
}

export async function call(method, path, { body, query, token, headers = {}, as = "json", timeoutMs = TIMEOUT_MS, keepalive } = {}) {
  const init = {
    method, headers: { Accept: "application/json", ...headers }, credentials: "same-origin", keepalive,
  };
  if (token) init.headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  // A connection that hangs must end, or a retry would never start.
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  init.signal = abort.signal;
  try {
    const response = await fetch(address(path, query), init);
    if (!response.ok) throw await failure(response);
    return await contentOf(response, as);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError({ detail: String(error?.message ?? error) });
  } finally {
    clearTimeout(timer);
  }
}
