#!/usr/bin/env node
import { NetworkError } from "@opg-network/sdk/errors";
import { pino } from "pino";
import { parseCommand, USAGE } from "./args.ts";
import { systemClock } from "./clock.ts";
import { loadConfig } from "./config.ts";
import { report } from "./doctor/check.ts";
import { examine } from "./doctor/doctor.ts";
import { BarredReleases } from "./jobs/barredReleases.ts";
import { registerKeccak } from "./keccak.ts";
import { startNode } from "./node.ts";
import { openDatabase } from "./store/database.ts";

const EXIT_CLEAN = 0;
const EXIT_PERMANENT = 1;
const EXIT_TRY_AGAIN = 75;

const logger = pino({ name: "opg-node" });

async function main(): Promise<number> {
  const command = parseCommand(process.argv.slice(2));
  if (command.kind === "help") {
    process.stdout.write(USAGE);
    return EXIT_CLEAN;
  }
  await registerKeccak();
  if (command.kind === "doctor") return doctor(command.configFile, command.isJson);
  const config = loadConfig(command.configFile);
  logger.level = config.logLevel;
  if (command.kind === "unbar") return unbar(config.dataDir, command.release);

  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) {
      logger.warn({ signal }, "ended by a second signal");
      process.exit(EXIT_PERMANENT);
    }
    logger.info({ signal }, "stopping");
    stop.abort();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.on("uncaughtException", (error) => {
    logger.fatal({ err: error }, "node ends by an error that nobody expected");
    process.exit(EXIT_TRY_AGAIN);
  });

  const node = await startNode(config, logger, stop.signal);
  await node.done;
  logger.info("stopped");
  return EXIT_CLEAN;
}

async function doctor(configFile: string | undefined, isJson: boolean): Promise<number> {
  const checks = await examine(configFile);
  process.stdout.write(isJson ? `${JSON.stringify({ checks }, undefined, 2)}\n` : report(checks));
  return checks.some(({ status }) => status === "fail") ? EXIT_PERMANENT : EXIT_CLEAN;
}

function unbar(dataDir: string, release: string): number {
  const database = openDatabase(dataDir);
  try {
    const wasBarred = new BarredReleases(database, systemClock).unbar(release);
    logger.info({ release, wasBarred }, wasBarred ? "release may be served again" : "release was not barred");
    return EXIT_CLEAN;
  } finally {
    database.close();
  }
}

process.exitCode = await main().catch((error: unknown) => {
  logger.fatal({ err: error }, "node cannot run");
  // Permanent is what somebody has to put right; of what nobody expected, that is not known.
  return error instanceof NetworkError && !error.retryable ? EXIT_PERMANENT : EXIT_TRY_AGAIN;
});
