/**
 * A readable name for a browser, from its `User-Agent`.
 *
 * @module
 */

// Order matters: Edge and Opera also say Chrome, Chrome also says Safari, Android also says Linux, iPhones also say Mac
// OS X.
const BROWSERS =
  "Edg(?:e|A|iOS)?/=Edge OPR/=Opera (?:Firefox|FxiOS)/=Firefox (?:Headless)?Chrom(?:e|ium)/|CriOS/=Chrome Safari/=Safari";
const SYSTEMS = "Android=Android iP(?:hone|ad|od)=iOS Windows=Windows Mac=macOS CrOS=ChromeOS Linux=Linux";

/**
 * Returns the browser and its system, such as `"Firefox on Linux"`, for the `meta` of a login, or `""` if neither is
 * known. The result is safe for any `User-Agent`, as it is made of a few fixed names.
 *
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/User-Agent
 *
 * @example
 * ```ts
 * session.login(user.id, { meta: { device: deviceOf(request.headers.get("User-Agent")) } });
 * ```
 */
export function deviceOf(userAgent: string | null | undefined): string {
  const names = [BROWSERS, SYSTEMS].map((list) => nameIn(list, userAgent ?? ""));
  return names.filter((name) => name !== "").join(" on ");
}

function nameIn(list: string, userAgent: string): string {
  const found = list.split(" ").find((pair) => new RegExp(`\\b(?:${pair.split("=")[0]})`).test(userAgent));
  return found?.split("=")[1] ?? "";
}
