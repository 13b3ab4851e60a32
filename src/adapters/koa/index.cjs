// Koa's middleware for require(): the function itself, as Koa's users write it, also where a bundler or a compiler makes CommonJS of the
// library. It is the function that import gives. scripts/build.mjs puts it beside index.js.
module.exports = require("./index.js").session;
