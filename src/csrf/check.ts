/**
 * The options of `csrf()`, and what they come to, for every adapter.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import { checkGiven, refuseUnknown } from "../ground/option-values.ts";
import { type AskedRequest, ORIGIN, reasonToRefuse } from "./decide.ts";

export { REFUSED_TEXT, REFUSED_VARY } from "./decide.ts";

/** Options of `csrf()`. */
export interface CsrfOptions {
  /**
   * Other websites that may change things here, as their pages' `Origin` header has it: `"https://admin.example.com"`, with the
   * port unless it is the scheme's own, without a path or a slash. Default none.
   */
  trustedOrigins?: readonly string[];
  /** Called for every refused request, for logs and alarms. What it throws is ignored. */
  onRefused?: (refusal: CsrfRefusal) => void;
}

/** A request that was refused. What the client sent may be any text: escape it where you show it. */
export interface CsrfRefusal {
  /** Which header gave it away. */
  readonly reason: "sec-fetch-site" | "origin";
  /** Its method. */
  readonly method: string;
  /** The host that was asked. */
  readonly host: string;
  /** The `Origin` header; empty when there was none. */
  readonly origin: string;
  /** The `Sec-Fetch-Site` header; empty when there was none. */
  readonly site: string;
}

/** Whether a request is refused: what all adapters ask. @throws OptionError */
export function createCheck(options: CsrfOptions): (request: AskedRequest) => boolean {
  checkGiven(options, "csrf", "{ trustedOrigins }");
  refuseUnknown(options, KNOWN);
  const { trustedOrigins = [], onRefused } = options;
  if (onRefused !== undefined && typeof onRefused !== "function") {
    cannot("use option onRefused", "it must be a function");
  }
  if (!Array.isArray(trustedOrigins)) cannot("use trustedOrigins", "it must be a list");
  const trusted = new Set(trustedOrigins.map(checkOrigin));
  return (request) => {
    const reason = reasonToRefuse(request, trusted);
    if (reason === null) return false;
    report(onRefused, reason, request);
    return true;
  };
}

const KNOWN: ReadonlySet<string> = new Set<keyof CsrfOptions>(["trustedOrigins", "onRefused"]);

/** @throws OptionError unless browsers send the origin in this very form. */
function checkOrigin(origin: unknown): string {
  // Origins are compared as they are: a pattern would trust nobody.
  if (typeof origin !== "string" || !ORIGIN.test(origin) || origin.includes("*")) {
    cannot(
      `trust the origin ${JSON.stringify(origin)}`,
      'it must be like "https://example.com:8443", with no path and no slash after it',
    );
  }
  const sent = /^https?:/.test(origin) ? URL.parse(origin)?.origin : origin;
  if (sent === origin) return origin;
  const instead = sent === undefined ? "it is not a URL" : `browsers send it as ${JSON.stringify(sent)}`;
  cannot(`trust the origin ${JSON.stringify(origin)}`, instead);
}

function report(onRefused: CsrfOptions["onRefused"], reason: CsrfRefusal["reason"], request: AskedRequest): void {
  const { method, host, header } = request;
  try {
    onRefused?.({ reason, method, host, origin: header("Origin"), site: header("Sec-Fetch-Site") });
  } catch {
    // A listener that fails must not turn a refusal into an error.
  }
}
