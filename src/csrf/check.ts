/**
 * What decides about requests that another website may have made a visitor's browser send, for every adapter.
 *
 * The decisions are those of `http.CrossOriginProtection` in Go 1.25.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import { checkGiven, refuseUnknown } from "../ground/option-values.ts";

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

/** What an answer depends on that refuses. Answers to requests that pass need no `Vary`: no cache answers an unsafe method. */
export const REFUSED_VARY = "Sec-Fetch-Site, Origin";
/** What a refused visitor reads. */
export const REFUSED_TEXT = "Forbidden: this request came from another website";

/** What decides about a request, wherever it comes from. */
export interface AskedRequest {
  /** Its method, in capitals. */
  readonly method: string;
  /** Host and port, as the browser knows them. */
  readonly host: string;
  /** The value of a header; empty when there is none. */
  header(name: string): string;
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

function reasonToRefuse({ method, host, header }: AskedRequest, trusted: ReadonlySet<string>): CsrfRefusal["reason"] | null {
  if (isSafe(method) && !opensWebSocket(header)) return null;
  const [site, origin] = [header("Sec-Fetch-Site"), header("Origin")];
  // What the visitor asks for directly, by a bookmark or the address bar, is "none".
  if (site === "same-origin" || site === "none") return null;
  // Browsers have sent Origin with every unsafe request since 2020: without it, it is none, and no visitor's cookies are abused.
  if (site === "" && (origin === "" || hostOf(origin) === host)) return null;
  if (origin !== "" && trusted.has(origin)) return null;
  return site === "" ? "origin" : "sec-fetch-site";
}

/** RFC 9110, section 9.2.1. Methods are case-sensitive. */
function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** A handshake is a GET, and opens a way in both directions with the visitor's cookies: RFC 6455, section 10.2. */
function opensWebSocket(header: AskedRequest["header"]): boolean {
  return /\bwebsocket\b/i.test(header("Upgrade"));
}

/** `scheme://host[:port]` and nothing else, as RFC 6454, section 6.2 has it. `null`, an opaque origin, has no host. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/([^\s/?#@\\]+)$/;

function hostOf(origin: string): string | undefined {
  return ORIGIN.exec(origin)?.[1];
}

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
