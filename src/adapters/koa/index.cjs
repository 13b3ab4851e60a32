// Koa's middleware for require(): the function itself, the same one that import returns. This also serves bundlers and
// compilers that turn the library into CommonJS. scripts/build.mjs copies this file next to index.js.
module.exports = require("./index.js").session;
