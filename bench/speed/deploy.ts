import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../scripts/local/freePort.ts";
import { hardhatCommand } from "../../scripts/local/hardhatCommand.ts";
import { startLocalChain } from "../../scripts/local/localChain.ts";
import type { Figures } from "../figures.ts";

/** Seconds of `npx hardhat protocol deploy` on a local chain, the rehearsal before and the check after it included. */
export async function measure(): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), "opg-deploy-"));
  const { signal } = new AbortController();
  await mkdir(folder, { recursive: true });
  const chain = await startLocalChain(await freePort(), join(folder, "chain.log"), signal);
  try {
    await chain.mineOnDemand();
    const beganAt = performance.now();
    const { check } = await hardhatCommand<{ check: { findings: unknown[] } }>(
      ["protocol", "deploy", "--network", "local", "--deployment", join(folder, "deployment.json")],
      { LOCAL_RPC_URL: chain.url },
      signal,
    );
    if (check.findings.length > 0) throw new Error("the deployment is not what its parameters say");
    return { "seconds.deploy": Math.round((performance.now() - beganAt) / 100) / 10 };
  } finally {
    chain.provider.destroy();
    await chain.process.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
