/**
 * What the benchmark takes from a build of web-session-store: the working tree's, or one of a commit before it.
 *
 * @module
 */
import { session as honoSession } from "../../dist/adapters/hono.js";
import { getSession as getKoaSession, session as koaSession } from "../../dist/adapters/koa/index.js";
import { createSessions } from "../../dist/index.js";
import { nodeCrypto } from "../../dist/node.js";
import { memory } from "../../dist/stores/memory/index.js";

/** The working tree's build. */
export const WORKING_TREE = { createSessions, memory, honoSession, koaSession, getKoaSession, nodeCrypto } as const;

/** A build's functions. */
export type Library = typeof WORKING_TREE;
