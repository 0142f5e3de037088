import { parseArgs } from "node:util";
import { NetworkError } from "@opg-network/sdk/errors";
import { startLocalNetwork } from "../local/localNetwork.ts";
import { narrate } from "./narrator.ts";
import { POOL_MODEL, tellPoolStory } from "./poolStory.ts";
import { BLOCK_MS, farewell, tellStory } from "./story.ts";

const USAGE = `npm start [-- --once]

  Runs the whole network on this machine and tells what happens.
  --once         end after the story
  --model NAME   model to serve, a folder below models/ (eth-volatility-1h)
  --port N       port of the local chain (8545, or a free one where that is taken)
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      once: { type: "boolean", default: false },
      model: { type: "string", default: "eth-volatility-1h" },
      port: { type: "string", default: "8545" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const stopped = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stopped.abort());

  const narrator = narrate(process.stdout);
  let network: Awaited<ReturnType<typeof startLocalNetwork>> | undefined;
  try {
    network = await startLocalNetwork({
      name: "start",
      model: values.model,
      onChainModel: POOL_MODEL,
      chainPort: Number(values.port),
      nodePort: 9464,
      signal: stopped.signal,
      narrator,
    });
    await tellStory(network, values.model, narrator, stopped.signal);
    await tellPoolStory(network, narrator);
    if (values.once) return 0;
    await network.chain.mineEvery(BLOCK_MS);
    farewell(network, narrator);
    const part = await Promise.race([network.ended, untilAborted(stopped.signal)]);
    if (part === undefined) return 0;
    narrator.problem(`${part} ended by itself; its log is in ${network.folder}`);
    return 1;
  } catch (error) {
    if (stopped.signal.aborted) return 0;
    narrator.problem(
      error instanceof NetworkError ? error.message : String(error instanceof Error ? error.stack : error),
    );
    return 1;
  } finally {
    narrator.stopping();
    await network?.stop();
    narrator.stopped();
  }
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

process.exitCode = await main();
