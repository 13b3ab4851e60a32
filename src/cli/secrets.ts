/**
 * Reads secrets from a file or from the environment.
 *
 * @module
 */
import { parseEnv } from "node:util";

/** The variables, named as in the documentation. */
const ONE = "SESSION_SECRET";
const SEVERAL = "SESSION_SECRETS";

/**
 * The secrets in variables: `SESSION_SECRET` is one secret, used as it is. `SESSION_SECRETS` is a list, newest first.
 */
export function secretsFromVariables(variables: Readonly<Record<string, string | undefined>>): string[] {
  const { [ONE]: one = "", [SEVERAL]: several = "" } = variables;
  return unique([one, ...listIn(several, ",")]);
}

/**
 * The secrets in a file: lines like `SESSION_SECRET=...` (`.env`,
 * `.dev.vars`), otherwise a JSON list, otherwise one per line.
 */
export function secretsFromFile(text: string): string[] {
  const isEnvFile = new RegExp(`^\\s*(export\\s+)?(${ONE}|${SEVERAL})\\s*=`, "m").test(text);
  return isEnvFile ? secretsFromVariables(parseEnv(text)) : unique(listIn(text, "\n"));
}

function listIn(text: string, separator: string): string[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return list.filter((secret) => typeof secret === "string");
  } catch {
    // Not JSON, so a plain list.
  }
  return text.split(separator).map((secret) => secret.trim());
}

function unique(secrets: string[]): string[] {
  return [...new Set(secrets.filter((secret) => secret !== ""))];
}
