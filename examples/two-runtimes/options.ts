// What the Koa application and the Worker must agree on. The name, the context and the cookie options are the defaults.
import type { AcceptedCodec } from "web-session-store/accept/define";
import { koaTokens } from "web-session-store/accept/koa-session-store";

export interface Data {
  views: number;
}

/** `appKey` signed the old cookies. Their sessions continue. */
export function sharedOptions(secret: string, appKey: string): { secrets: string; accept: AcceptedCodec[] } {
  return { secrets: secret, accept: [koaTokens({ keys: [appKey] })] };
}
