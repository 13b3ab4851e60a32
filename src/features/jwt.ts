/**
 * JWTs that tell services behind this one whose session it is. They live for seconds and are not sessions.
 *
 * @module
 */
import { type JWK, SignJWT } from "jose";
import { encodeBase64url } from "../ground/encoding.ts";
import { cannot, StateError } from "../ground/errors.ts";
import { once } from "../ground/maybe-promise.ts";
import { checkGiven, clock, refuseUnknown, refuseUnknownOf, seconds } from "../ground/option-values.ts";
import { checkKey, prepareKey, type SigningAlgorithm, type SigningKey } from "./jwt-keys.ts";

export type { SigningAlgorithm, SigningKey, SigningKeyPair } from "./jwt-keys.ts";

/** Options for `sessionJwt()`. */
export interface SessionJwtOptions {
  /**
   * The private key: a JWK, PEM text in PKCS #8 (`-----BEGIN PRIVATE KEY-----`), an extractable CryptoKey, or a pair
   * of CryptoKeys whose private one need not be extractable. Use this key for nothing else.
   */
  key: SigningKey;
  /**
   * `"EdDSA"`: Ed25519. `"ES256"`: ECDSA on P-256. Shared secrets are not supported: services
   * could make tokens themselves.
   */
  algorithm: SigningAlgorithm;
  /** The key's name. Default: the JWK's `kid`, else its SHA-256 thumbprint (RFC 7638). */
  kid?: string;
  /** The issuer, `iss`: your site's URL. Default: not set. */
  issuer?: string;
  /**
   * More public keys for `jwks()`: the next one before it signs, the previous one until its
   * tokens expired. Default: none.
   */
  otherKeys?: readonly JWK[];
  /**
   * The time in epoch seconds, for tests. If it returns anything but a finite number, its use throws
   * OptionError. Default: the clock.
   */
  now?: () => number;
}

/** Options for one JWT. */
export interface JwtOptions {
  /** The service or services that may accept it: `aud`. */
  audience: string | readonly string[];
  /** Seconds until it expires, at most 3,600. It never outlives the session, and it cannot be revoked. Default: 60. */
  expiresIn?: number;
  /** More claims. Anyone who sees the token can read them. Default: none. */
  claims?: Readonly<Record<string, unknown>>;
}

/** The session that a JWT is for: a `Session`, or the result of `read()`. */
export interface HandedSession {
  /** Its public id. */
  readonly id: string;
  /** Who is logged in. */
  readonly subject?: string | undefined;
  /** When it expires, in epoch seconds. */
  readonly expiresAt: number;
}

/** Makes JWTs and publishes the keys that verify them. */
export interface SessionJwt {
  /**
   * Makes a JWT for a service: `sub` is the session's subject, `sid` its id, with `aud`, `iat`,
   * `exp`, `jti`, and `iss` if set.
   *
   * @throws StateError (`ERR_NOT_LOGGED_IN`) if nobody is logged in; OptionError for an invalid option or key.
   */
  jwt(session: HandedSession, options: JwtOptions): Promise<string>;
  /**
   * The public keys as a JWK Set (RFC 7517). Caches may keep it for five minutes.
   * @throws OptionError for an invalid key.
   */
  jwks(): Promise<Response>;
}

const KNOWN: ReadonlySet<string> = new Set<keyof SessionJwtOptions>([
  ...(["key", "algorithm", "kid", "issuer", "otherKeys", "now"] as const),
]);
const KNOWN_JWT: ReadonlySet<string> = new Set<keyof JwtOptions>(["audience", "expiresIn", "claims"]);
/** Reserved: `claims` must not set them. */
const OWN_CLAIMS = ["sub", "sid", "aud", "iss", "iat", "nbf", "exp", "jti"];
const LONGEST = 3600;
const JTI_BYTES = 16;
const JWKS_HEADERS = { "Content-Type": "application/jwk-set+json", "Cache-Control": "public, max-age=300" };

/**
 * Gives services behind this one a short-lived, signed JWT in place of the cookie. They verify it with the public key
 * at `jwks()`. Needs the package `jose`.
 *
 * @throws OptionError for an invalid option or key.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7519
 *
 * @example
 * ```ts
 * const handOn = sessionJwt({ key: env.JWT_KEY, algorithm: "EdDSA", issuer: "https://example.com" });
 * const token = await handOn.jwt(session, { audience: "https://orders.example.com" });
 * await fetch("https://orders.example.com/", { headers: { Authorization: `Bearer ${token}` } });
 * ```
 */
export function sessionJwt(options: SessionJwtOptions): SessionJwt {
  check(options);
  const { algorithm, issuer } = options;
  const now = clock(options.now);
  const keys = once(() => prepareKey(options));

  async function jwt(session: HandedSession, given: JwtOptions): Promise<string> {
    const { audience, expiresIn, claims } = checkJwt(given);
    const { id, subject, expiresAt } = session;
    if (subject === undefined) throw new StateError("ERR_NOT_LOGGED_IN", "Cannot make a JWT: nobody is logged in");
    const { privateKey, kid } = await keys();
    const iat = now();
    const times = { iat, exp: Math.min(iat + expiresIn, expiresAt) };
    const from = issuer === undefined ? {} : { iss: issuer };
    // Not a UUID: Node makes those ahead of time, so a cloned machine would repeat them.
    const jti = encodeBase64url(crypto.getRandomValues(new Uint8Array(JTI_BYTES)));
    const said = { ...claims, ...from, sub: subject, aud: audience, ...times, jti, sid: id };
    return new SignJWT(said).setProtectedHeader({ alg: algorithm, kid, typ: "JWT" }).sign(privateKey);
  }

  async function jwks(): Promise<Response> {
    return new Response((await keys()).set, { headers: JWKS_HEADERS });
  }

  return { jwt, jwks };
}

function checkJwt(options: JwtOptions): { audience: string | string[]; expiresIn: number; claims: object } {
  checkGiven(options, "jwt", "{ audience }");
  refuseUnknownOf("jwt()", options, KNOWN_JWT);
  const { audience, expiresIn = 60, claims = {} } = options;
  const services = typeof audience === "string" ? [audience] : audience;
  if (!Array.isArray(services) || services.length === 0 || !services.every((name) => typeof name === "string" && name !== ""))
    cannot("make a JWT", "audience must name a service, or a list of them");
  const own = OWN_CLAIMS.find((name) => Object.hasOwn(claims, name));
  if (own !== undefined) cannot("make a JWT", `the library sets "${own}" itself. Leave it out of claims`);
  return {
    audience: typeof audience === "string" ? audience : services,
    expiresIn: seconds("expiresIn", expiresIn, 1, LONGEST),
    claims,
  };
}

function check(options: SessionJwtOptions): void {
  checkGiven(options, "sessionJwt", "{ key, algorithm }");
  refuseUnknown(options, KNOWN);
  const { kid, issuer } = options;
  for (const [name, value] of Object.entries({ kid, issuer })) {
    if (value !== undefined && (typeof value !== "string" || value === ""))
      cannot(`use option ${name}`, "it must be a non-empty string");
  }
  checkKey(options);
}
