import { NetworkError } from "@opg-network/sdk/errors";
import { formatOpg } from "@opg-network/sdk/opg";
import type { ArtifactManager } from "hardhat/types/artifacts";
import type { NetworkConnection } from "hardhat/types/network";
import { TokenProbe__factory } from "../types/index.ts";

const DECIMALS = 18n;
/** What words of the contracts hold: the supply of OPG. */
const MAX_SUPPLY = 10n ** 27n;
/** Of the holder in whose name the token is tried; a fee of a hundredth of a percent shows. */
export const LEAST_BALANCE: bigint = 10n ** 18n;
/** Nobody's, with nothing of any token. */
const SINK = `0x${"5a".repeat(20)}`;

/** The account at the address given as existing OPG holds no code. */
export class TokenMissingError extends NetworkError {
  constructor(address: string) {
    super("token-missing", `there is no contract at ${address}, which the parameters name as existing OPG`, {
      data: { address },
    });
  }
}

/** The token would break what the contracts promise. */
export class TokenUnfitError extends NetworkError {
  constructor(address: string, problem: string) {
    super("token-unfit", `the token at ${address} cannot serve as OPG: ${problem}`, {
      data: { address, problem },
    });
  }
}

/** Nothing is known of the token: it could not be tried. */
export class TokenUntriedError extends NetworkError {
  constructor(address: string, holder: string, problem: string, cause?: unknown) {
    super(
      "token-untried",
      `the token at ${address} could not be tried in the name of ${holder} (token.holder): ${problem}`,
      { data: { address, holder, problem }, cause },
    );
  }
}

/** What a token that is fit to be OPG has beyond ERC-20. */
export interface TokenTraits {
  burns: boolean;
  permits: boolean;
  /** Votes by ERC-5805, counted by timestamps. */
  votesInSeconds: boolean;
}

/**
 * Tries a token out before anything is built upon it: a transfer, one by allowance, a burn and a delegation, in the name
 * of an account that holds some. It is one call that changes nothing, with the probe's code in the holder's place.
 * Throws `TokenMissingError`, `TokenUnfitError`, `TokenUntriedError`.
 */
export async function tryToken(
  connection: NetworkConnection<string>,
  address: string,
  holder: string,
  artifacts: ArtifactManager,
): Promise<TokenTraits> {
  const code = await connection.provider.request({ method: "eth_getCode", params: [address, "latest"] });
  if (code === "0x") throw new TokenMissingError(address);
  const decimals = await decimalsOf(connection, address);
  if (decimals !== DECIMALS)
    throw new TokenUnfitError(address, `it has ${decimals ?? "no"} decimals, and not 18`);

  const { deployedBytecode } = await artifacts.readArtifact("TokenProbe");
  const probe = TokenProbe__factory.createInterface();
  const data = probe.encodeFunctionData("probe", [address, SINK]);
  let answer: string;
  try {
    answer = String(
      await connection.provider.request({
        method: "eth_call",
        params: [{ to: holder, data }, "latest", { [holder]: { code: deployedBytecode } }],
      }),
    );
  } catch (cause) {
    const problem = "a transfer or an approval of its reverts, or the RPC cannot replace code in a call";
    throw new TokenUntriedError(address, holder, problem, cause);
  }
  if (answer === "0x") throw new TokenUntriedError(address, holder, "the RPC cannot replace code in a call");
  const [found] = probe.decodeFunctionResult("probe", answer);
  const { balance, supply, movesExactly, burns, pretendsToBurn, permits, votesInSeconds } = found as {
    balance: bigint;
    supply: bigint;
    movesExactly: boolean;
    pretendsToBurn: boolean;
  } & TokenTraits;
  if (balance < LEAST_BALANCE) {
    const problem = `it holds ${formatOpg(balance)} of it; name an account with 1 at the least`;
    throw new TokenUntriedError(address, holder, problem);
  }
  if (supply > MAX_SUPPLY)
    throw new TokenUnfitError(address, `its supply of ${supply / 10n ** DECIMALS} is above 1,000,000,000`);
  if (!movesExactly)
    throw new TokenUnfitError(address, "a transfer does not move exactly what it is told to");
  if (pretendsToBurn)
    throw new TokenUnfitError(address, "burn succeeds, and does not take the amount out of the supply");
  return { burns, permits, votesInSeconds };
}

async function decimalsOf(
  connection: NetworkConnection<string>,
  address: string,
): Promise<bigint | undefined> {
  const call = { to: address, data: "0x313ce567" };
  const answer = await connection.provider
    .request({ method: "eth_call", params: [call, "latest"] })
    .then(String)
    .catch(() => "0x");
  return answer.length === 66 ? BigInt(answer) : undefined;
}
