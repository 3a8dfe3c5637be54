/**
 * Loaded into every test process. On Node 20 the thread that resolves modules for the test runner
 * at times keeps its message port referenced after the last test: the process then never ends. When
 * that port is all that has been left for a while, nothing of ours is, and the process leaves.
 */
const CHECK_MS = 1_000
const QUIET_CHECKS = 15

let quiet = 0

setInterval(() => {
  const left = process.getActiveResourcesInfo()
  quiet = left.length > 0 && left.every(resource => resource === 'MessagePort') ? quiet + 1 : 0
  if (quiet >= QUIET_CHECKS) process.exit()
}, CHECK_MS).unref()
