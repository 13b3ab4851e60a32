/** The cookies of koa-session-store 2.0.0: a value, and Keygrip's signature over `name=value`. */
import Keygrip from "keygrip";

export function koaCookies(value: string, keys: string[], name = "koa:sess"): string {
  return `${name}=${value}; ${name}.sig=${new Keygrip(keys).sign(`${name}=${value}`)}`;
}
