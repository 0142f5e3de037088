import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { runChild } from "../../scripts/setup/child.mjs";

const CHILD_MODULE = new URL("../../scripts/setup/child.mjs", import.meta.url).href;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Starts a process that runs `script` as its child, and waits for the child's first line. */
async function startWrapped(script: string, env: NodeJS.ProcessEnv = {}) {
  const wrapper = `
    import { runChild } from ${JSON.stringify(CHILD_MODULE)};
    process.exitCode = await runChild(process.execPath, ["-e", ${JSON.stringify(script)}]);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", wrapper], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  await once(parent.stdout, "data");
  parent.stdout.resume();
  return parent;
}

describe("running a child", () => {
  it("returns its exit code", async () => {
    expect(await runChild(process.execPath, ["-e", "process.exit(7)"])).to.equal(7);
  });

  it("returns 128 + n when signal n ended it", async () => {
    expect(await runChild(process.execPath, ["-e", "process.kill(process.pid, 'SIGKILL')"])).to.equal(137);
  });

  it("ends it at its time limit, and kills it when it does not heed that", async () => {
    const script = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
    expect(
      await runChild(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { limitMs: 200 }),
    ).to.equal(143);
    expect(await runChild(process.execPath, ["-e", script], { limitMs: 500, graceMs: 200 })).to.equal(143);
  });

  it("hands over what it prints", async () => {
    let output = "";
    const onOutput = (chunk: string) => {
      output += chunk;
    };
    await runChild(process.execPath, ["-e", "console.log('a'); console.error('b')"], {
      onOutput,
      quiet: true,
    });
    expect(output.split("\n").sort()).to.deep.equal(["", "a", "b"]);
  });

  it("passes a signal on, once, and waits for the child to end in its own way", async () => {
    const parent = await startWrapped(`
      let signals = 0;
      process.on("SIGINT", () => { signals += 1; setTimeout(() => process.exit(40 + signals), 200); });
      setInterval(() => {}, 1000);
      console.log("ready");`);
    parent.kill("SIGINT");
    parent.kill("SIGINT");
    const [code] = await once(parent, "exit");
    expect(code).to.equal(41);
  });

  it("leaves no grandchild behind", async () => {
    const parent = await startWrapped(`
      const { spawn } = require("node:child_process");
      spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
      console.log("ready");
      setInterval(() => {}, 1000);`);
    parent.kill("SIGTERM");
    // The output closes when the last process that holds it has ended.
    const [code] = await once(parent, "close");
    expect(code).to.equal(143);
  });
});

describe("the runner of tasks", () => {
  it("names the tasks when it is asked for one that is not there", async () => {
    let output = "";
    const onOutput = (chunk: string) => {
      output += chunk;
    };
    const code = await runChild(process.execPath, ["scripts/run.mjs", "toString"], {
      cwd: ROOT,
      onOutput,
      quiet: true,
    });
    expect(code).to.equal(1);
    expect(output).to.contain('no task "toString"').and.to.contain("snapshots");
  });
});
