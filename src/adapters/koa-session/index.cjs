// The middleware for require(): the function itself, the same one that import returns. scripts/build.mjs copies this
// file next to index.js.
module.exports = require("./index.js").session;
