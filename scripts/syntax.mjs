// Parses files for the checks of functions and names.
import { readFileSync } from "node:fs";
import { parseSync } from "oxc-parser";

/** Every node of a file's syntax tree, outer nodes first. */
export function* nodesOf(file, text = readFileSync(file, "utf8")) {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const rest = [program];
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if (typeof node.type === "string") yield node;
    const inner = Object.values(node).filter((value) => typeof value === "object" && value !== null);
    rest.push(...inner.reverse());
  }
}

/** Whether a node is a function with a body, rather than an overload or a type. */
export const isFunction = ({ type, body }) => /Function/.test(type) && body != null && typeof body === "object";
