/** What every adapter of csrf() decides: the table of Go's net/http CrossOriginProtection, and what stands at its edges. */
import { describe, expect, it } from "vitest";
import type { CsrfOptions } from "../../src/csrf/fetch.ts";

/** Sends one request to an application behind `csrf(options)` that answers "done" to whatever arrives. */
export type Ask = (method: string, host: string, headers: Record<string, string>) => Promise<Response>;

type Row = [what: string, method: string, site: string, origin: string, status: number, host?: string];

/** The rows of Go's tests, csrf_test.go, in their order. */
const GO: Row[] = [
  ["same-origin", "POST", "same-origin", "", 200],
  ["none", "POST", "none", "", 200],
  ["cross-site", "POST", "cross-site", "", 403],
  ["same-site", "POST", "same-site", "", 403],
  ["no header, and no origin", "POST", "", "", 200],
  ["no header, and the origin of the host", "POST", "", "https://example.com", 200],
  ["no header, and another origin", "POST", "", "https://attacker.example", 403],
  ["no header, and the origin null", "POST", "", "null", 403],
  ["GET", "GET", "cross-site", "", 200],
  ["HEAD", "HEAD", "cross-site", "", 200],
  ["OPTIONS", "OPTIONS", "cross-site", "", 200],
  ["PUT", "PUT", "cross-site", "", 403],
  ["a trusted origin without the header", "POST", "", "https://trusted.example", 200],
  ["a trusted origin, cross-site", "POST", "cross-site", "https://trusted.example", 200],
  ["an untrusted origin without the header", "POST", "", "https://attacker.example", 403],
  ["an untrusted origin, cross-site", "POST", "cross-site", "https://attacker.example", 403],
];

const METHODS: Row[] = [
  ["DELETE", "DELETE", "cross-site", "https://attacker.example", 403],
  ["PATCH", "PATCH", "cross-site", "https://attacker.example", 403],
  ["a method that nobody knows", "PROPFIND", "cross-site", "https://attacker.example", 403],
  ["GET with another origin", "GET", "", "https://attacker.example", 200],
];

const SITES: Row[] = [
  ["a value that does not exist yet", "POST", "same-planet", "", 403],
  ["a value in other letters", "POST", "Same-Origin", "", 403],
  ["two values", "POST", "same-origin, cross-site", "", 403],
  ["cross-site, though the origin is that of the host", "POST", "cross-site", "https://example.com", 403],
  ["same-site, though the origin is that of the host over http", "POST", "same-site", "http://example.com", 403],
  ["same-origin, though the origin is null, as with Referrer-Policy: no-referrer", "POST", "same-origin", "null", 200],
  ["cross-site, and the origin null of a sandboxed frame", "POST", "cross-site", "null", 403],
  ["same-site, from a trusted origin", "POST", "same-site", "https://trusted.example", 200],
];

const ORIGINS: Row[] = [
  ["the host over http: the scheme is not looked at", "POST", "", "http://example.com", 200],
  ["a subdomain of the host", "POST", "", "https://www.example.com", 403],
  ["the parent of the host", "POST", "", "https://example.com", 403, "www.example.com"],
  ["a name that begins like the host", "POST", "", "https://example.com.attacker.example", 403],
  ["a name that ends like the host", "POST", "", "https://notexample.com", 403],
  ["the host with another port", "POST", "", "https://example.com:8443", 403],
  ["the host without its port", "POST", "", "https://example.com", 403, "example.com:8443"],
  ["the host with its port", "POST", "", "https://example.com:8443", 200, "example.com:8443"],
  ["an IPv6 host with its port", "POST", "", "http://[::1]:8080", 200, "[::1]:8080"],
  ["an IPv6 host with another port", "POST", "", "http://[::1]:8081", 403, "[::1]:8080"],
  ["no URL", "POST", "", "example.com", 403],
  ["no scheme", "POST", "", "//example.com", 403],
  ["a scheme alone", "POST", "", "https://", 403],
  ["one slash", "POST", "", "https:/example.com", 403],
  ["no slash", "POST", "", "https:example.com", 403],
  ["backslashes", "POST", "", "https:\\\\example.com", 403],
  ["a slash behind", "POST", "", "https://example.com/", 403],
  ["the host in a path", "POST", "", "https://attacker.example/example.com", 403],
  ["the host as a user", "POST", "", "https://example.com@attacker.example", 403],
  ["a user at the host", "POST", "", "https://attacker@example.com", 403],
  ["a backslash that some parsers take for a slash", "POST", "", "https://attacker.example\\@example.com", 403],
  ["two origins", "POST", "", "https://example.com, https://attacker.example", 403],
  ["two origins with a space between", "POST", "", "https://attacker.example https://example.com", 403],
  ["a trusted origin over http", "POST", "", "http://trusted.example", 403],
  ["a trusted origin with another port", "POST", "cross-site", "https://trusted.example:444", 403],
  ["a trusted origin with a slash behind", "POST", "cross-site", "https://trusted.example/", 403],
  ["a subdomain of a trusted origin", "POST", "cross-site", "https://www.trusted.example", 403],
  ["a trusted origin in other letters", "POST", "cross-site", "https://Trusted.example", 403],
  ["a trusted application's own scheme", "POST", "cross-site", "capacitor://localhost", 200],
];

const TRUSTED = ["https://trusted.example", "capacitor://localhost"];

/** Runs every row against an adapter. */
export function csrfContract(adapter: string, setUp: (options: CsrfOptions) => Ask): void {
  const groups = { "Go's table": GO, methods: METHODS, "values of Sec-Fetch-Site": SITES, "values of Origin": ORIGINS };
  const ask = setUp({ trustedOrigins: TRUSTED });

  describe.each(Object.entries(groups))(`csrf, ${adapter}: %s`, (_group, rows) => {
    it.each(rows)("%s", async (_what, method, site, origin, status, host = "example.com") => {
      const response = await ask(method, host, { ...(site && { "Sec-Fetch-Site": site }), ...(origin && { Origin: origin }) });
      expect(response.status).toBe(status);
    });
  });

  describe(`csrf, ${adapter}: answers`, () => {
    it("says in plain text why, and what the answer varies by", async () => {
      const response = await ask("POST", "example.com", { "Sec-Fetch-Site": "cross-site" });
      expect(response.status).toBe(403);
      expect(response.headers.get("Content-Type")?.toLowerCase()).toBe("text/plain; charset=utf-8");
      expect(response.headers.get("Vary")?.split(/, */).slice(-2)).toEqual(["Sec-Fetch-Site", "Origin"]);
      expect(await response.text()).toBe("Forbidden: this request came from another website");
    });

    it("leaves the answers to requests that pass alone", async () => {
      for (const method of ["GET", "POST"]) {
        const response = await ask(method, "example.com", { "Sec-Fetch-Site": "same-origin" });
        expect(await response.text()).toBe("done");
        expect(response.headers.get("Vary") ?? "").not.toMatch(/sec-fetch-site|origin/i);
      }
    });

    it("tells onRefused of what was refused, and of nothing else", async () => {
      const told: unknown[] = [];
      const asked = setUp({ onRefused: (refusal) => told.push(refusal) });
      const [host, origin] = ["example.com", "https://attacker.example"];
      await asked("POST", host, { "Sec-Fetch-Site": "same-origin" });
      await asked("GET", host, { "Sec-Fetch-Site": "cross-site" });
      expect(told).toEqual([]);
      await asked("POST", host, { "Sec-Fetch-Site": "cross-site" });
      await asked("PUT", host, { Origin: origin });
      expect(told).toEqual([
        { reason: "sec-fetch-site", method: "POST", host, origin: "", site: "cross-site" },
        { reason: "origin", method: "PUT", host, origin, site: "" },
      ]);
    });

    it("refuses also when onRefused throws", async () => {
      const onRefused = () => {
        throw new Error("the log is full");
      };
      const response = await setUp({ onRefused })("POST", "example.com", { "Sec-Fetch-Site": "cross-site" });
      expect(response.status).toBe(403);
    });
  });
}
