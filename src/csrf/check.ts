/**
 * The options of `csrf()` and their checks, shared by all adapters.
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
   * Other origins whose pages may send requests that change something, as browsers write them in `Origin`:
   * `"https://admin.example.com"`, with the port unless it is the default one, without a path or trailing slash.
   * Default: none.
   */
  trustedOrigins?: readonly string[];
  /** Called for every refused request, for logs and alerts. If it throws, the error is ignored. */
  onRefused?: (refusal: CsrfRefusal) => void;
}

/** A refused request. What the client sent may be any text: escape it before you show it. */
export interface CsrfRefusal {
  /** The header that caused the refusal. */
  readonly reason: "sec-fetch-site" | "origin";
  /** The request's method. */
  readonly method: string;
  /** The host that was requested. */
  readonly host: string;
  /** The `Origin` header, or empty. */
  readonly origin: string;
  /** The `Sec-Fetch-Site` header, or empty. */
  readonly site: string;
}

/** Returns a function that tells whether a request is refused. @throws OptionError */
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

/** @throws OptionError unless browsers send the origin in exactly this form. */
function checkOrigin(origin: unknown): string {
  // Origins are compared literally, so a pattern would never match.
  if (typeof origin !== "string" || !ORIGIN.test(origin) || origin.includes("*")) {
    cannot(
      `trust the origin ${JSON.stringify(origin)}`,
      'it must be like "https://example.com:8443", without a path or trailing slash',
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
