# The portable suite in workerd, once with Node's APIs and once without. scripts/runtimes.mjs builds what is embedded.
using Workerd = import "/workerd/workerd.capnp";

const modules :List(Workerd.Worker.Module) = [
  (name = "worker.mjs", esModule = embed "worker.mjs"),
  (name = "portable.mjs", esModule = embed "../../.portable/portable.mjs"),
  (name = "koa.mjs", esModule = embed "../../.portable/koa.mjs"),
  (name = "node.mjs", esModule = embed "../../.portable/node.mjs"),
];

const compat :Workerd.Config = (services = [(name = "main", worker = (
  modules = .modules,
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [(name = "GLOBALS", json = "[\"Buffer\",\"process\",\"setImmediate\",\"global\"]"), (name = "NODE_CRYPTO", text = "no key wrap")],
))]);

const bare :Workerd.Config = (services = [(name = "main", worker = (
  modules = .modules,
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["no_nodejs_compat", "no_nodejs_compat_v2"],
  bindings = [(name = "GLOBALS", json = "[]"), (name = "NODE_CRYPTO", text = "none")],
))]);
