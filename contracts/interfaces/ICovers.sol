// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cover} from "../types/Cover.sol";

/// @notice A cover that one signed result reserved.
struct ReservedCover {
    address beneficiary;
    /// Token wei; 0 when there is none.
    uint256 amount;
    /// Timestamp of the first reservation.
    uint40 since;
    /// First timestamp at which it can no longer be claimed.
    uint40 endsAt;
    /// The operator's era at the reservation.
    uint16 era;
}

/// @notice A cover that was claimed and waits to be paid.
struct DueCover {
    address beneficiary;
    /// Token wei.
    uint128 amount;
    /// Timestamp from which `payCover` pays it.
    uint40 payableAt;
}

/// @title Stake that answers for single results
/// @notice An operator sets a share of its stake aside for the covers that a coverer (`Pipe`, `InferenceRequests`)
/// reserves. What is set aside counts for no minimum. A cover of C locks 10/3 C of it: C for the beneficiary, and the
/// 7/3 C that are burned when it is paid. Locks end by themselves.
/// @dev Coverers say in their own events what was insured, for whom, and through which result (`IPipe.Insured`,
/// `IInferenceRequests.RequestInsured`).
/// @dev Assumptions: a coverer reserves only for what its operator signed, in a context of its own, for an exact
/// release; `Disputes` alone claims, once a computation proved the result wrong.
interface ICovers {
    event CoverPercentSet(uint32 indexed operatorId, address indexed coverer, uint8 percent);
    /// It may lock no more; what it locked stays.
    event CovererFrozen(uint32 indexed operatorId, address indexed coverer);
    /// Part of a slash that locks kept. Token wei.
    event SlashDeferred(uint32 indexed operatorId, uint256 amount);
    event DeferredBurned(uint32 indexed operatorId, uint256 amount);
    event CoverClaimed(
        uint32 indexed operatorId,
        address indexed beneficiary,
        bytes32 indexed key,
        uint256 amount,
        uint256 burned,
        uint40 payableAt
    );
    event CoverPaid(bytes32 indexed key, address indexed beneficiary, uint256 amount);

    /// The role to reserve is not the coverer's.
    error CovererUnknown(address coverer);
    /// @notice The operator sets stake aside for `maximum` coverers already.
    error TooManyCoverers(uint32 operatorId, uint256 maximum);
    /// @notice The shares of all coverers together would exceed `maximum` percent of the stake.
    error CoverPercentTooHigh(uint256 percent, uint256 maximum);
    /// @notice The share set aside for the coverer is this already.
    error CoverPercentUnchanged(uint32 operatorId, address coverer);
    /// What is locked must fit the share that is set aside. Token wei.
    error CoverShareTooLow(uint32 operatorId, address coverer, uint256 locked, uint256 share);
    /// @notice A cover of nothing cannot be reserved.
    error CoverZero();
    /// It could not use the money.
    error BeneficiaryUnusable(address beneficiary);
    /// @notice The operator sets no stake aside for this coverer.
    error CovererNotAllowed(uint32 operatorId, address coverer);
    /// @notice Only results of an active signer that is not jailed can be insured.
    error CoverSignerNotActive(address signer);
    /// `covered`: all that this result would insure, token wei; `maxCover`: what was signed.
    error CoverAboveMaximum(uint256 covered, uint256 maxCover);
    /// A result insures one beneficiary.
    error CoverOfAnother(bytes32 resultHash, address beneficiary);
    /// @notice No cover is reserved under `key`.
    error CoverUnknown(bytes32 key);
    /// @notice The cover ended at `endedAt`, when its result could no longer be disputed.
    error CoverEnded(bytes32 key, uint256 endedAt);
    /// @notice The cover is paid from `payableAt` on, when all verdicts that share it are in.
    error CoverNotPayable(bytes32 key, uint40 payableAt);
    /// An earlier cover of the same key was claimed and is not paid yet: `payCover` first.
    error CoverUnpaid(bytes32 key);
    /// Slashes put nothing off, or locks still hold all of it.
    error NothingDeferred(uint32 operatorId);

    /// @notice Sets aside a share of the stake for covers that `coverer` reserves. All shares together are at most half
    /// of the stake; 0 lets nothing more be reserved, and is refused while anything is locked. Lets a frozen coverer
    /// lock again.
    function setCoverPercent(uint32 operatorId, address coverer, uint8 percent) external;

    /// @notice Lets the coverer lock nothing more, at once; the share stays set aside for what it locked, until
    /// `setCoverPercent` sets another, or 0 once nothing is locked. Only the operator's owner.
    function freezeCoverer(uint32 operatorId, address coverer) external;

    /// @notice Burns what slashes put off because covers locked it, as far as the locks are over. Anyone; no stake
    /// leaves jail or unbonds before it.
    function burnDeferred(uint32 operatorId) external returns (uint256 amount);

    /// @notice Reserves a cover through a result that the caller knows to be signed. Never paused.
    /// @dev Only a coverer that the operator allows: it can bind no more than what was set aside for it.
    /// @param signer of the result; must be active
    /// @param resultHash struct hash of the result
    /// @param maxCover token wei, as signed: the most that the result insures, all reservations together
    function insureResult(address signer, bytes32 resultHash, Cover cover, uint256 maxCover) external;

    /// @notice Takes a cover and what burns with it from the operator's stake.
    /// @dev Only `Disputes`, after its verdict.
    /// @return key of the cover
    function claimCover(uint32 operatorId, address coverer, bytes32 resultHash) external returns (bytes32 key);

    /// @notice Pays a claimed cover to its beneficiary, once it would have unbonded had it been taken out instead.
    /// Anyone. Never paused.
    /// @param key as in `CoverClaimed`
    function payCover(bytes32 key) external returns (uint256 amount);

    /// @notice keccak256(abi.encode(operatorId, coverer, resultHash)).
    function coverKeyOf(uint32 operatorId, address coverer, bytes32 resultHash) external pure returns (bytes32);

    function coverOf(
        uint32 operatorId,
        address coverer,
        bytes32 resultHash
    ) external view returns (ReservedCover memory);

    function dueCoverOf(bytes32 key) external view returns (DueCover memory);

    /// @notice Token wei of the operator's stake that slashes took but for locks, and that burns when they end.
    function deferredOf(uint32 operatorId) external view returns (uint256);

    /// @notice Percent of the operator's stake that is set aside for the coverer, frozen or not.
    function coverPercentOf(uint32 operatorId, address coverer) external view returns (uint8 percent);

    /// @notice Contracts that the operator sets stake aside for.
    function coverersOf(uint32 operatorId) external view returns (address[] memory);

    /// @notice Token wei of stake that is locked by covers now, of one coverer.
    function lockedBy(uint32 operatorId, address coverer) external view returns (uint256);

    /// @notice Token wei of cover that the coverer could still reserve.
    function coverableBy(uint32 operatorId, address coverer) external view returns (uint256);

    /// @notice Token wei of active stake that counts for minimums: without what is set aside.
    function countingStakeOf(uint32 operatorId) external view returns (uint256);

    /// @notice Seconds that a cover can be claimed at the least: as long as its result can be used, disputed and
    /// judged, and a day more.
    function coverPeriod() external view returns (uint40);
}
