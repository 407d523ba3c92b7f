/** A signed-in user of the product's API. */
export interface Session {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: object): Promise<T>;
  patch<T>(path: string, body: object): Promise<T>;
}

interface SignedIn {
  readonly csrf_token: string;
}

async function answer<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (response.ok) return (text ? JSON.parse(text) : undefined) as T;
  throw new Error(`${new URL(response.url).pathname} answered ${response.status}: ${text}`);
}

/** Signs in. Throws with the problem's text when the product refuses. */
export async function signIn(
  base_url: string,
  credentials: { readonly email: string; readonly password: string },
): Promise<Session> {
  const response = await fetch(`${base_url}/api/auth/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email: credentials.email, password: credentials.password }),
  });
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(";", 1)[0])
    .join("; ");
  const { csrf_token } = await answer<SignedIn>(response);

  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf_token, cookie };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    return answer<T>(await fetch(base_url + path, init));
  };
  return {
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body),
    patch: (path, body) => ask("PATCH", path, body),
  };
}
