// What .ci/run runs: the README's test command, then the checks; ends with one line that counts them all.
import { fileURLToPath } from "node:url";
import { runChild } from "./setup/child.mjs";
import { countTests } from "./testTotals.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const CHECKS = ["lint", "types", "snapshots"];
/** A task that hangs must fail while there is time to say so. */
const LIMIT_MS = 20 * 60_000;

let passed = 0;
let failed = 0;
let isInterrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    isInterrupted = true;
  });
}

/** @param {string} task */
async function npmRun(task) {
  console.log(`\n== npm run ${task}`);
  const startedAt = Date.now();
  let output = "";
  const code = await runChild("npm", ["run", "--silent", task], {
    cwd: root,
    limitMs: LIMIT_MS,
    graceMs: 30_000,
    onOutput: (chunk) => {
      output += chunk;
    },
  });
  const tookMs = Date.now() - startedAt;
  if (tookMs >= LIMIT_MS) {
    console.log(`== npm run ${task} was ended: it took longer than ${LIMIT_MS / 60_000} minutes`);
  }
  console.log(
    `== npm run ${task}: ${code === 0 ? "ok" : `exit code ${code}`}, ${Math.round(tookMs / 1000)} s`,
  );
  if (isInterrupted) {
    process.exit(code === 0 ? 1 : code);
  }
  return { code, output };
}

const tests = await npmRun("test");
const totals = countTests(tests.output);
passed += totals.passed;
failed += totals.failed;
if (tests.code !== 0 && totals.failed === 0) {
  console.log("The tests ended with an error outside of any test.");
  failed += 1;
}
if (totals.passed + totals.failed === 0) {
  console.log("No test ran.");
  failed += 1;
}
for (const check of CHECKS) {
  const { code } = await npmRun(check);
  if (code === 0) {
    passed += 1;
  } else {
    failed += 1;
  }
}

console.log(`\nSkipped tests: ${totals.skipped}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
