// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Escrow} from "./Escrow.sol";
import {ResultDomain} from "./ResultDomain.sol";
import {IModelHub} from "./interfaces/IModelHub.sol";
import {IOperators} from "./interfaces/IOperators.sol";
import {IPipe, InferenceQuery} from "./interfaces/IPipe.sol";
import {IProofSettlement} from "./interfaces/IProofSettlement.sol";
import {ResultBundles} from "./libraries/ResultBundles.sol";
import {ResultSignatures} from "./libraries/ResultSignatures.sol";
import {CarriedResult} from "./types/CarriedResult.sol";
import {CODEC_TENSORS} from "./types/Codec.sol";
import {CompactStanding} from "./types/CompactStanding.sol";
import {CompactTerms} from "./types/CompactTerms.sol";
import {GRAIN} from "./types/Grain.sol";
import {KeyOrigin, ORIGIN_SHIFT, demandedBy} from "./types/KeyOrigin.sol";
import {LoadedResult} from "./types/LoadedResult.sol";
import {Mode} from "./types/Mode.sol";
import {ReleaseId} from "./types/ReleaseId.sol";
import {ResultHead} from "./types/ResultHead.sol";

/// @notice A carried bundle whose signature and validity are checked.
struct Bundle {
    CarriedResult first;
    uint256 count;
    /// Place in calldata behind it.
    uint256 end;
    address consumer;
    bytes32 context;
    /// Struct hash of the first result where it is the only one; otherwise anything.
    bytes32 leaf;
    address signer;
    CompactStanding standing;
}

/// @title SignedBundles
/// @notice Owns nothing: what makes a carried result count, be it paid for or only read. Trusts `Operators`, `ModelHub`
/// and `ProofSettlement`.
abstract contract SignedBundles is IPipe, Escrow, ResultDomain {
    using ResultBundles for bytes;

    IProofSettlement public immutable SETTLEMENT;
    uint256 private immutable _maxValidity;
    uint256 private immutable _minimumStakeGrains;

    constructor(IOperators operators, IProofSettlement settlement) ResultDomain(operators) {
        SETTLEMENT = settlement;
        _maxValidity = operators.maxValidity();
        _minimumStakeGrains = operators.minimumStake() / GRAIN;
    }

    /// @inheritdoc IPipe
    function contextOf(address payer, address consumer) public pure override returns (bytes32 context) {
        // As `keccak256(abi.encode(payer, consumer))`, without leaving the words in memory.
        assembly ("memory-safe") {
            mstore(0, shr(96, shl(96, payer)))
            mstore(32, shr(96, shl(96, consumer)))
            context := keccak256(0, 64)
        }
    }

    /// @dev Checks all that the results of a bundle have in common.
    /// @param bundle is filled; given, so that each bundle of a call stands in the same memory
    /// @param place where it begins, in calldata; within `results`
    function _open(Bundle memory bundle, bytes calldata results, uint256 place, address payer) internal view {
        (uint256 count, address consumer, uint40 validUntil, CarriedResult first) = results.headAt(place);
        unchecked {
            // One comparison for both ends: what is over lies far above, since the difference wraps around.
            if (validUntil - block.timestamp > _maxValidity) {
                revert ResultNotValid(validUntil, block.timestamp + _maxValidity);
            }
        }
        bytes32 context = consumer == address(0) ? bytes32(0) : contextOf(payer, consumer);
        (bytes32[] memory leaves, bytes calldata signature, uint256 end) = results.leavesAt(
            first,
            count,
            context,
            validUntil
        );
        bytes32 leaf;
        assembly ("memory-safe") {
            leaf := mload(add(leaves, 32))
        }
        bundle.leaf = leaf;
        address signer = ResultSignatures.recover(ResultSignatures.bundleDigest(_domainSeparator(), leaves), signature);
        CompactStanding standing = OPERATORS.compactStandingOf(signer);
        if (!standing.isActive()) revert OperatorNotActive(signer);
        (bundle.first, bundle.count, bundle.end) = (first, count, end);
        (bundle.consumer, bundle.context) = (consumer, context);
        (bundle.signer, bundle.standing) = (signer, standing);
    }

    /// @dev What a release demands, of an operator that has it at stake.
    function _termsOf(ReleaseId release, CompactStanding standing) internal view returns (CompactTerms terms) {
        terms = HUB.usableTermsCompact(release);
        uint256 minimum = terms.minStakeGrains();
        if (minimum < _minimumStakeGrains) minimum = _minimumStakeGrains;
        uint256 stake = standing.stakeGrains();
        if (stake < minimum) revert ReleaseStakeTooLow(release, stake * GRAIN, minimum * GRAIN);
    }

    /// @dev A result must be of a kind that its release offers, and proved as its mode says.
    function _requireBacked(
        CarriedResult result,
        ResultHead head,
        CompactTerms terms,
        Bundle memory bundle
    ) internal view {
        _requireCodec(head.codec());
        uint256 modeBit = head.modeBit();
        if (terms.modes() & modeBit == 0) revert ModeNotOffered(result.release(), head.mode());
        if (modeBit == 1 << uint8(Mode.VANILLA)) return;
        SETTLEMENT.requireProof(
            head.mode(),
            result.release(),
            bundle.standing.operatorId(),
            bundle.signer,
            result.inputHash(),
            result.output(head),
            result.proof(head)
        );
    }

    /// @dev False where `_requireMode` has to look. A demand for keys beyond `Single`, which all have that prove
    /// anything, lies over the bit of ZK.
    function _isModeWanted(uint8 modes, LoadedResult result) internal pure returns (bool) {
        return modes & result.modeBit() & ~(modes >> ORIGIN_SHIFT) != 0;
    }

    /// @dev A mode may do only with keys of a certain origin.
    function _requireMode(ReleaseId release, uint8 modes, Mode mode) internal view {
        if (modes & mode.bit() == 0) revert ModeNotAllowed(mode, modes);
        if (mode != Mode.ZK) return;
        (KeyOrigin origin, KeyOrigin least) = (HUB.proofKeyOriginOf(release), demandedBy(modes));
        if (origin < least) revert IModelHub.KeyOriginTooLow(release, origin, least);
    }

    function _revertMissing(address account, InferenceQuery[] memory missing) internal view {
        for (uint256 i; i < missing.length; ++i) _requireCodec(missing[i].codec);
        revert InferenceRequired(account, msg.sender, missing);
    }

    function _requireCodec(uint8 codec) internal pure {
        if (codec != CODEC_TENSORS) revert CodecUnknown(codec);
    }
}
