// Whether this Node.js has what the scripts here call of it: oidc-provider needs all three, the
// clients the first. Node.js 18 has none of them.
const { hash } = require("node:crypto");
process.exit(globalThis.crypto && URL.parse && hash ? 0 : 1);
