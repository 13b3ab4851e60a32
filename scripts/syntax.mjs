// The syntax of a file, for the checks that look at functions and names.
import { readFileSync } from "node:fs";
import { parseSync } from "oxc-parser";

/** Every node of a file's syntax tree, outer ones first. */
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

/** Whether a node is a function that has a body: no overload, and no type. */
export const isFunction = ({ type, body }) => /Function/.test(type) && body != null && typeof body === "object";
