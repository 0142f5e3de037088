import { cp, readFile, rm, truncate } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { deploymentFolder } from "../../deploy/deployProtocol.ts";
import type { ProtocolParameters } from "../../deploy/protocolParameters.ts";
import { deployProtocol, parametersOf } from "../fixtures/protocol.ts";

/**
 * Where the process dies: while it notes that it is about to send; after the node has the transaction, before that is
 * noted; while it notes that.
 */
type Death = "before sending" | "after sending" | "while noting what was sent";

const deploymentId = `resume-${process.pid}`;
const folder = deploymentFolder(hre.config.paths.ignition, deploymentId);
const dead = `${folder}.dead`;

/** The first byte past the journal's last whole line but one, and its length: what a write may have been cut to. */
async function tear(bytes: number): Promise<void> {
  const file = path.join(dead, "journal.jsonl");
  const content = await readFile(file);
  const lastLine = content.length - content.lastIndexOf("\n");
  await truncate(file, content.length - (bytes % lastLine));
}

describe("a deployment that is interrupted", () => {
  let server: Awaited<ReturnType<typeof hre.network.createServer>>;
  let url: string;

  beforeEach(async () => {
    server = await hre.network.createServer({ network: "op", chainType: "op" }, "127.0.0.1", 0);
    url = `http://127.0.0.1:${(await server.listen()).port}`;
  });

  afterEach(async () => {
    await server.close();
    for (const left of [folder, dead, `${folder}.lock`]) await rm(left, { recursive: true, force: true });
  });

  const connect = () => hre.network.create({ network: "local", chainType: "op", override: { url } });

  /** Runs until the next death, and leaves the folder as a process leaves it that is killed there. */
  async function dieOnce(death: Death, tornBytes: number, parameters?: ProtocolParameters): Promise<boolean> {
    const connection = await connect();
    const request = connection.provider.request.bind(connection.provider);
    let [sent, died] = [0, false];
    const die = async () => {
      died = true;
      await cp(folder, dead, { recursive: true });
      if (death !== "after sending") await tear(tornBytes);
    };
    connection.provider.request = async (call) => {
      if (died) throw new Error("the process is dead");
      if (sent === 1 && death === "while noting what was sent") await die();
      else if (call.method === "eth_sendTransaction") {
        if (death === "after sending" || sent === 1) await die();
        if (sent++ === 0) {
          const hash = await request(call);
          if (!died) return hash;
        }
      }
      if (died) throw new Error("the process is dead");
      return await request(call);
    };
    const options = { deploymentId, ...(parameters === undefined ? {} : { parameters }) };
    await deployProtocol(connection, options).catch((cause: unknown) => {
      if (!died) throw cause;
    });
    if (!died) return false;
    await rm(folder, { recursive: true });
    await cp(dead, folder, { recursive: true });
    await rm(dead, { recursive: true });
    return true;
  }

  async function transactionsOf(connection: NetworkConnection<string>): Promise<number> {
    const [deployer] = await connection.ethers.getSigners();
    return (await deployer?.getNonce()) ?? Number.NaN;
  }

  /** How many transactions it takes when nothing happens: more would be something deployed twice. */
  async function uninterrupted(): Promise<number> {
    const connection = await hre.network.create({ network: "op", chainType: "op" });
    await deployProtocol(connection);
    return await transactionsOf(connection);
  }

  it("sends nothing again that the endpoint counts and does not show, and goes on when it does", async () => {
    const parameters = await parametersOf("local");
    // Handed over, nothing of it could be done a second time.
    const given = { ...parameters, powers: { ...parameters.powers, admin: `0x${"A1".repeat(20)}` } };
    const expected = await uninterrupted();
    for (let sent = 1; sent <= expected; ++sent) {
      expect(await dieOnce("after sending", 0, given)).to.equal(true);
      if (sent !== 2 && sent !== expected) continue;
      for (const unseen of ["an empty block", "no block"]) {
        const connection = await connect();
        const request = connection.provider.request.bind(connection.provider);
        connection.provider.request = async (call) => {
          const answer = await request(call);
          const isBlock =
            call.method === "eth_getBlockByNumber" && Array.isArray(call.params) && call.params[1];
          if (!isBlock) return answer;
          return unseen === "no block" ? null : { ...(answer as object), transactions: [] };
        };
        const error = await deployProtocol(connection, { deploymentId, parameters: given }).catch((e) => e);
        expect(error, `${unseen} at ${sent}`).to.include({ code: "transaction-unseen", retryable: true });
      }
    }
    const connection = await connect();
    const { authority, deployer } = await deployProtocol(connection, { deploymentId, parameters: given });

    expect(await transactionsOf(connection)).to.equal(expected);
    expect(await authority.hasRole(0n, deployer)).to.deep.equal([false, 0n]);
  });

  for (const death of ["before sending", "after sending", "while noting what was sent"] as const) {
    it(`ends as an uninterrupted one, killed at every transaction ${death}`, async () => {
      const expected = await uninterrupted();
      let deaths = 0;
      while (await dieOnce(death, deaths * 37)) {
        deaths += 1;
        expect(deaths).to.be.at.most(3 * expected);
      }
      const connection = await connect();
      const { authority, disputes } = await deployProtocol(connection, { deploymentId });

      expect(deaths).to.equal(death === "before sending" ? expected - 1 : expected);
      expect(await transactionsOf(connection)).to.equal(expected);
      expect(await authority.hasRole(3n, disputes)).to.deep.equal([true, 0n]);
    });
  }
});
