import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { AbiCoder, getCreateAddress } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import solc from "solc";
import { deploymentFolder } from "../../deploy/deployProtocol.ts";
import { blockscout } from "../../deploy/verification/blockscout.ts";
import { etherscan } from "../../deploy/verification/etherscan.ts";
import type { Explorer } from "../../deploy/verification/explorer.ts";
import {
  type MadeContract,
  type VerificationPayload,
  verificationPayloads,
} from "../../deploy/verification/payload.ts";
import { sourcify } from "../../deploy/verification/sourcify.ts";
import { vestingWallets } from "../../deploy/verification/vestingWallets.ts";
import { VestingWallet__factory } from "../../types/index.ts";
import { campaign, recordCases } from "../fixtures/campaign.ts";
import { type DeployedProtocol, deployProtocol, parametersOf } from "../fixtures/protocol.ts";

type Places = Record<string, readonly { start: number; length: number }[]>;
interface Compiled {
  bytecode: { object: string };
  deployedBytecode: { object: string; immutableReferences: Places };
}

/** Contracts that take a second to compile; a campaign compiles them all. */
const QUICK = ["BlobStore", "OnChainModels", "PipeExecutor", "VestingWallet.Ecosystem"];
const PATIENCE = { pollMs: 1, polls: 5 };

describe("verification payloads", () => {
  const deploymentId = `verify-${process.pid}`;
  const folder = deploymentFolder(hre.config.paths.ignition, deploymentId);
  let server: Awaited<ReturnType<typeof hre.network.createServer>>;
  let connection: NetworkConnection<string>;
  let protocol: DeployedProtocol;
  let wallets: MadeContract[];
  let payloads: VerificationPayload[];

  before(async () => {
    server = await hre.network.createServer({ network: "op", chainType: "op" }, "127.0.0.1", 0);
    const url = `http://127.0.0.1:${(await server.listen()).port}`;
    connection = await hre.network.create({ network: "local", chainType: "op", override: { url } });
    protocol = await deployProtocol(connection, { deploymentId, parameters: await parametersOf("local") });
    wallets = await vestingWallets(connection, hre.artifacts, protocol.deployment);
    payloads = await verificationPayloads(hre.artifacts, protocol.deployment, folder, wallets);
  });

  after(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const recorded = (contract: string) =>
    Object.entries(protocol.deployment.contracts).find(([name]) => name === contract)?.[1] ??
    expect.fail(`${contract} is not recorded`);
  const isWallet = (contract: string) => contract.startsWith("VestingWallet.");
  const partsOf = ({ identifier }: VerificationPayload) =>
    identifier.split(":") as [file: string, name: string];

  it("are there for every contract, with all that its explorers ask for", () => {
    expect(
      payloads.map(({ contract }) => contract).filter((contract) => !isWallet(contract)),
    ).to.have.members(Object.keys(protocol.deployment.contracts));
    for (const payload of payloads) {
      const { contract, compilerVersion, address, input } = payload;
      const [file, name] = partsOf(payload);
      expect(name).to.equal(contract.split(".")[0]);
      expect(compilerVersion).to.match(/^0\.8\.37\+commit\.[0-9a-f]{8}$/);
      if (!isWallet(contract)) expect(address).to.equal(recorded(contract).address);
      expect(Object.keys(input.sources)).to.include(file);
    }
  });

  it("are there for every contract that any constructor made", async () => {
    const { provider } = connection.ethers;
    const known = new Set(payloads.map(({ address }) => address));
    for (const [name, { address: from }] of Object.entries(protocol.deployment.contracts)) {
      for (let nonce = 1; ; ++nonce) {
        const address = getCreateAddress({ from, nonce });
        if ((await provider.getCode(address)) === "0x") break;
        expect(known.has(address), `${nonce} of ${name}`).to.equal(true);
      }
    }
    expect(wallets.length).to.equal(5);
    for (const { address, constructorArguments } of wallets) {
      const [owner, start, duration] = AbiCoder.defaultAbiCoder().decode(
        ["address", "uint64", "uint64"],
        constructorArguments,
      );
      const wallet = VestingWallet__factory.connect(address, provider);
      expect([await wallet.owner(), await wallet.start(), await wallet.duration()]).to.deep.equal([
        owner,
        start,
        duration,
      ]);
    }
  });

  it("are no larger than the contract needs", () => {
    const sizes = new Map(
      payloads.map(({ contract, input }) => [contract, Object.keys(input.sources).length]),
    );
    expect(sizes.get("BlobStore")).to.be.at.most(5);
    expect(sizes.get("Pipe")).to.be.at.most(100);
  });

  it("have the arguments that each contract was made with", async () => {
    for (const { contract, address, constructorArguments } of payloads) {
      // Their creation is inside another's, whose constructor gives the arguments.
      if (isWallet(contract) || ["PipeExecutor", "OPG", "TimelockController"].includes(contract)) continue;
      const { bytecode } = await hre.artifacts.readArtifact(contract);
      const block = await connection.ethers.provider.getBlock(recorded(contract).block, true);
      const receipts = await Promise.all(
        (block?.transactions ?? []).map((hash) => connection.ethers.provider.getTransaction(hash)),
      );
      const data = receipts.map((transaction) => transaction?.data);
      expect(data, `${contract} at ${address}`).to.include(bytecode + constructorArguments.slice(2));
    }
  });

  it("compiled alone, give the deployed runtime code byte for byte", async function () {
    this.timeout(600_000);
    const chosen = payloads.filter(({ contract }) => campaign.full || QUICK.includes(contract));
    // Compiling keeps this process from answering for so long that connections end.
    const codes = new Map<string, string>();
    for (const { contract, address } of chosen)
      codes.set(contract, await connection.ethers.provider.getCode(address));
    for (const payload of chosen) {
      const { contract, input } = payload;
      const output = JSON.parse(solc.compile(JSON.stringify(input)));
      const [file, name] = partsOf(payload);
      const { deployedBytecode }: Compiled = output.contracts[file][name].evm;
      const onChain = codes.get(contract) ?? "";
      let compiled = `0x${deployedBytecode.object}`;
      for (const { start, length } of Object.values(deployedBytecode.immutableReferences).flat()) {
        const [from, to] = [2 + 2 * start, 2 + 2 * (start + length)];
        compiled = compiled.slice(0, from) + onChain.slice(from, to) + compiled.slice(to);
      }
      expect(compiled, contract).to.equal(onChain);
    }
    expect(chosen.length).to.equal(campaign.runs(QUICK.length, payloads.length));
    recordCases("recompiled payloads", chosen.length);
  });
});

describe("explorers", () => {
  const payload: VerificationPayload = {
    contract: "BlobStore",
    chainId: 84_532,
    address: `0x${"ab".repeat(20)}`,
    identifier: "project/contracts/exact/BlobStore.sol:BlobStore",
    compilerVersion: "0.8.37+commit.f401782d",
    licence: "MIT",
    constructorArguments: "0x0102",
    input: { language: "Solidity", sources: { a: { content: "contract A {}" } }, settings: {} },
  };

  let server: Server;
  let url: string;
  let requests: { method: string; path: string; query: URLSearchParams; body: string }[];
  let answers: [status: number, body: unknown][];

  beforeEach(async () => {
    [requests, answers] = [[], []];
    server = createServer(async (request, response) => {
      const asked = new URL(request.url ?? "", "http://explorer");
      requests.push({
        method: request.method ?? "",
        path: asked.pathname,
        query: asked.searchParams,
        body: await bodyOf(request),
      });
      const [status, body] = answers.shift() ?? [500, {}];
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  async function bodyOf(request: IncomingMessage): Promise<string> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    return body;
  }

  const verify = (explorer: Explorer) => explorer.verify(payload, new AbortController().signal);
  const codeOf = async (explorer: Explorer) =>
    await verify(explorer).then(
      ({ status }) => status,
      ({ code, retryable }: { code: string; retryable: boolean }) =>
        `${code}${retryable ? ", retryable" : ""}`,
    );

  describe("of Etherscan's kind", () => {
    const explorer = () => etherscan({ apiKey: "key", url: `${url}/v2/api`, patience: PATIENCE });
    const ok = (result: string) => ({ status: "1", message: "OK", result });
    const notOk = (result: string) => ({ status: "0", message: "NOTOK", result });

    it("verify what they come to, after it was pending", async () => {
      answers = [
        [200, notOk("Unable to locate ContractCode at 0xab")],
        [200, ok("guid-1")],
        [200, notOk("Pending in queue")],
        [200, ok("Pass - Verified")],
      ];
      expect(await codeOf(explorer())).to.equal("verified");

      const [, submitted, , asked] = requests;
      const form = new URLSearchParams(submitted?.body);
      expect(submitted).to.include({ method: "POST", path: "/v2/api" });
      expect(submitted?.query.get("chainid")).to.equal("84532");
      expect(submitted?.query.get("apikey")).to.equal("key");
      expect(form.get("codeformat")).to.equal("solidity-standard-json-input");
      expect(form.get("contractname")).to.equal(payload.identifier);
      expect(form.get("compilerversion")).to.equal("v0.8.37+commit.f401782d");
      expect(form.get("constructorArguements")).to.equal("0102");
      expect(form.get("licenseType")).to.equal("3");
      expect(JSON.parse(form.get("sourceCode") ?? "")).to.deep.equal(payload.input);
      expect(asked?.query.get("guid")).to.equal("guid-1");
    });

    it("say what was verified before, and what differs", async () => {
      answers = [[200, notOk("Contract source code already verified")]];
      expect(await codeOf(explorer())).to.equal("already-verified");
      answers = [
        [200, ok("guid-1")],
        [200, notOk("Fail - Unable to verify")],
      ];
      expect(await verify(explorer())).to.deep.equal({
        status: "rejected",
        reason: "Fail - Unable to verify",
      });
    });

    it("have each failure told apart", async () => {
      answers = [[200, notOk("Invalid API Key (#err2)|1")]];
      expect(await codeOf(explorer())).to.equal("explorer-refused");
      answers = [[200, notOk("Max calls per sec rate limit reached (3/sec)")]];
      expect(await codeOf(explorer())).to.equal("explorer-busy, retryable");
      answers = [[429, {}]];
      expect(await codeOf(explorer())).to.equal("explorer-busy, retryable");
      answers = [[502, "<html>"]];
      expect(await codeOf(explorer())).to.equal("explorer-busy, retryable");
      answers = [[200, "<html>"]];
      expect(await codeOf(explorer())).to.equal("explorer-answer-unknown");
      answers = [[200, { result: [] }]];
      expect(await codeOf(explorer())).to.equal("explorer-answer-unknown");
      answers = [
        [200, ok("guid-1")],
        ...Array.from({ length: 5 }, () => [200, notOk("Pending in queue")] as [number, object]),
      ];
      expect(await codeOf(explorer())).to.equal("explorer-undecided, retryable");
      const gone = etherscan({ apiKey: "key", url: "http://127.0.0.1:9/v2/api" });
      const error = await verify(gone).catch((caught: unknown) => caught);
      expect(error).to.include({ code: "explorer-unreachable", retryable: true });
      expect(String((error as Error).message)).not.to.include("key");
    });
  });

  describe("of Blockscout's kind", () => {
    const explorer = () => blockscout({ url, patience: PATIENCE });

    it("verify what shows as verified in the end", async () => {
      answers = [
        [404, { message: "Not found" }],
        [200, { message: "Smart-contract verification started" }],
        [200, { is_verified: false }],
        [200, { is_verified: true, is_fully_verified: true }],
      ];
      expect(await codeOf(explorer())).to.equal("verified");

      expect(requests[1]).to.include({
        method: "POST",
        path: `/api/v2/smart-contracts/${payload.address}/verification/via/standard-input`,
      });
      const body = requests[1]?.body ?? "";
      for (const [name, value] of [
        ["compiler_version", "v0.8.37+commit.f401782d"],
        ["license_type", "mit"],
        ["contract_name", payload.identifier],
        ["autodetect_constructor_args", "false"],
        ["constructor_args", "0x0102"],
      ]) {
        expect(body).to.include(`name="${name}"\r\n\r\n${value}\r\n`);
      }
      expect(body).to.include('name="files[0]"; filename="BlobStore.input.json"');
      expect(body).to.include(JSON.stringify(payload.input));
    });

    it("say what was verified before, what they refuse, and what never shows", async () => {
      answers = [[200, { is_verified: true }]];
      expect(await codeOf(explorer())).to.equal("already-verified");
      answers = [
        [404, { message: "Not found" }],
        [422, { message: "Invalid contract name" }],
      ];
      expect(await codeOf(explorer())).to.equal("rejected");
      answers = [
        [200, { is_verified: false }],
        [200, { message: "Smart-contract verification started" }],
        ...Array.from({ length: 5 }, () => [200, { is_verified: false }] as [number, object]),
      ];
      expect(await codeOf(explorer())).to.equal("explorer-undecided, retryable");
    });
  });

  describe("of Sourcify's kind", () => {
    const explorer = () => sourcify({ url, patience: PATIENCE });
    const unknown: [number, object] = [404, { match: null, chainId: "84532", address: payload.address }];
    const accepted: [number, object] = [202, { verificationId: "job-1" }];

    it("verify what matches with its metadata", async () => {
      answers = [
        unknown,
        accepted,
        [200, { isJobCompleted: false, verificationId: "job-1", contract: { match: null } }],
        [200, { isJobCompleted: true, verificationId: "job-1", contract: { match: "exact_match" } }],
      ];
      expect(await codeOf(explorer())).to.equal("verified");

      expect(requests.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
        `GET /v2/contract/84532/${payload.address}`,
        `POST /v2/verify/84532/${payload.address}`,
        "GET /v2/verify/job-1",
        "GET /v2/verify/job-1",
      ]);
      expect(JSON.parse(requests[1]?.body ?? "")).to.deep.equal({
        stdJsonInput: payload.input,
        compilerVersion: payload.compilerVersion,
        contractIdentifier: payload.identifier,
      });
    });

    it("say what was verified before, and what matches without its metadata, or not at all", async () => {
      answers = [[200, { match: "exact_match" }]];
      expect(await codeOf(explorer())).to.equal("already-verified");
      answers = [unknown, accepted, [200, { isJobCompleted: true, contract: { match: "match" } }]];
      expect(await verify(explorer())).to.deep.equal({ status: "rejected", reason: "another metadata hash" });
      const error = {
        customCode: "no_match",
        message: "The onchain and recompiled bytecodes don't match.",
        errorId: "1",
      };
      answers = [unknown, accepted, [200, { isJobCompleted: true, contract: { match: null }, error }]];
      expect(await codeOf(explorer())).to.equal("rejected");
      answers = [unknown, [409, { customCode: "already_verified", message: "", errorId: "2" }]];
      expect(await codeOf(explorer())).to.equal("already-verified");
    });

    it("have each failure told apart", async () => {
      answers = [unknown, [400, { customCode: "unsupported_chain", message: "84532", errorId: "3" }]];
      expect(await codeOf(explorer())).to.equal("explorer-refused");
      answers = [unknown, [429, { customCode: "duplicate_verification_request", message: "", errorId: "4" }]];
      expect(await codeOf(explorer())).to.equal("explorer-busy, retryable");
      answers = [unknown, [200, {}]];
      expect(await codeOf(explorer())).to.equal("explorer-answer-unknown");
    });
  });
});
