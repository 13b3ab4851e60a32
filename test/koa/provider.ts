/** A provider of OAuth 2 on this machine, which demands PKCE (RFC 7636, S256), and who is logged in there. */
import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listenOn } from "../support/koa.ts";

export const CLIENT = { id: "shop", secret: "shop-secret" };

/** What a code was given for. Each is good once. */
interface Grant {
  readonly user: string;
  readonly redirectUri: string;
  readonly challenge: string;
}

export interface Provider {
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  /** How many codes became tokens, and what was wrong with the others. */
  readonly log: { given: number; refused: string[] };
  /** Logs somebody in there. */
  become(user: string): void;
}

export async function startProvider(): Promise<Provider> {
  const grants = new Map<string, Grant>();
  const log: Provider["log"] = { given: 0, refused: [] };
  let user = "ada";

  const authorize = (url: URL, response: ServerResponse) => {
    const asked = Object.fromEntries(url.searchParams);
    const isRight = asked.client_id === CLIENT.id && asked.response_type === "code" && asked.code_challenge_method === "S256";
    if (!isRight || !asked.redirect_uri || !asked.code_challenge || !asked.state) {
      log.refused.push("authorization");
      return response.writeHead(400).end("refused");
    }
    const code = randomUUID();
    grants.set(code, { user, redirectUri: asked.redirect_uri, challenge: asked.code_challenge });
    const back = new URL(asked.redirect_uri);
    back.searchParams.set("code", code);
    back.searchParams.set("state", asked.state);
    return response.writeHead(302, { Location: back.href }).end();
  };

  const token = async (request: IncomingMessage, response: ServerResponse) => {
    const asked = Object.fromEntries(new URLSearchParams(await text(request)));
    const grant = grants.get(asked.code ?? "");
    grants.delete(asked.code ?? "");
    const wrong = wrongWith(asked, grant);
    if (wrong !== undefined) log.refused.push(wrong);
    else log.given++;
    response.writeHead(wrong === undefined ? 200 : 400, { "Content-Type": "application/json" });
    const answer = { access_token: randomUUID(), token_type: "Bearer", expires_in: 3600, user: grant?.user };
    response.end(JSON.stringify(wrong === undefined ? answer : { error: "invalid_grant", error_description: wrong }));
  };

  const port = await listenOn((request, response) => {
    const url = new URL(request.url ?? "", "http://127.0.0.1");
    if (url.pathname === "/authorize") return void authorize(url, response);
    if (url.pathname === "/token" && request.method === "POST") return void token(request, response);
    response.writeHead(404).end();
  });
  const origin = `http://127.0.0.1:${port}`;
  const become = (name: string) => {
    user = name;
  };
  return { authorizeUrl: `${origin}/authorize`, tokenUrl: `${origin}/token`, log, become };
}

function wrongWith(asked: Record<string, string | undefined>, grant: Grant | undefined): string | undefined {
  if (asked.grant_type !== "authorization_code") return "grant_type";
  if (asked.client_id !== CLIENT.id || asked.client_secret !== CLIENT.secret) return "client";
  if (grant === undefined) return "code";
  if (asked.redirect_uri !== grant.redirectUri) return "redirect_uri";
  const challenge = createHash("sha256")
    .update(asked.code_verifier ?? "")
    .digest("base64url");
  return challenge === grant.challenge ? undefined : "code_verifier";
}
