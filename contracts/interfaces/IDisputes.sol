// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReleaseId} from "../types/ReleaseId.sol";
import {IBounties} from "./IBounties.sol";
import {IChallenges} from "./IChallenges.sol";
import {ICoverClaims} from "./ICoverClaims.sol";
import {SignedResult} from "./IProofSettlement.sol";

/// @title Proofs of fault
/// @notice The only holder of the power to slash. A verdict is computed from evidence; nobody votes.
interface IDisputes is ICoverClaims, IChallenges, IBounties {
    event EquivocationProved(
        uint32 indexed operatorId,
        ReleaseId indexed release,
        bytes32 indexed key,
        bytes32 outputHashA,
        bytes32 outputHashB,
        address provedBy,
        uint256 slashed
    );
    /// `rightOutputHash` is zero where no output is right.
    event WrongOutputProved(
        uint32 indexed operatorId,
        ReleaseId indexed release,
        bytes32 indexed key,
        bytes32 outputHash,
        bytes32 rightOutputHash,
        address provedBy,
        uint256 slashed
    );

    /// @notice The two results are of different operators, and so no contradiction.
    error OperatorsDiffer(uint32 a, uint32 b);
    /// @notice The two results are of different releases, and so no contradiction.
    error ReleasesDiffer(ReleaseId a, ReleaseId b);
    /// @notice The two results answer different inputs, or the input brought is not the one that was signed.
    error InputsDiffer(bytes32 a, bytes32 b);
    /// @notice The two results are in different codecs, and so no contradiction.
    error CodecsDiffer(uint8 a, uint8 b);
    /// @notice The two results say the same.
    error OutputsSame(bytes32 outputHash);
    /// Results of an approximate release conflict only inside one non-zero context.
    error ContextsDiffer(bytes32 a, bytes32 b);
    /// @notice The result could be disputed until `endedAt`.
    error EvidenceExpired(uint256 endedAt);
    /// Proved before. Of a contradiction of the right output also: the slash that stands for a wrong one is not found
    /// yet, and computing any wrong one finds it.
    error AlreadyPunished(bytes32 key);
    /// The release is approximate (`exactFrom` 0), or the result may be older than its exactness.
    error ResultNotExact(ReleaseId release, uint40 exactFrom);
    /// @notice The EVM computes the output that was signed.
    error OutputRight(bytes32 outputHash);
    /// Signing under it is a fault by itself, which `proveWrongOutput` proves.
    error CodecUndefined(uint8 codec);
    /// The computation needs more gas than the transaction brought.
    error GasTooLow();

    /// @notice Proves that an operator signed two different outputs for one input, and slashes it.
    /// @dev Exact releases: same release, codec and input. Approximate ones: the same non-zero context as well, since
    /// floats may differ between honest machines. Mode and price are not part of the comparison. The caller earns the
    /// bounty, which waits in `Operators.awardOf`, or in `bountyOf` while any commitment lives or challenge is open. Of
    /// n different outputs, n − 1 are slashed, once each an era.
    /// @return slashed token wei
    function proveEquivocation(SignedResult calldata a, SignedResult calldata b) external returns (uint256 slashed);

    /// @notice Proves by computation that an operator signed an output that its exact release does not give for the
    /// input, and slashes it. No bond, no window for an answer. The caller earns the bounty as above.
    /// @dev Slashes 0 where a contradiction punished the lie before; `isProvedWrong` it is from then on. Where the
    /// claim is challenged, this is the challenge's last step, and paid as such.
    /// @dev Where the input is not the canonical encoding of what the release takes, or the release does not know the
    /// codec, no output is right. Works for results of requests and transactions alike, alone or out of a bundle.
    /// @param input what `inputHash` is of
    /// @return slashed token wei
    function proveWrongOutput(SignedResult calldata signed, bytes calldata input) external returns (uint256 slashed);

    /// @notice True when an operator was slashed for this output in that era: `key` is `Claim.keyOf`, of an
    /// equivocation's two outputs that of the higher hash.
    /// @dev Should that one be proved right, its slash waits, and stands for the next that is proved wrong.
    function isPunished(bytes32 key) external view returns (bool);

    /// @notice True when computation showed this output to be wrong; an equivocation alone does not.
    function isProvedWrong(bytes32 key) external view returns (bool);
}
