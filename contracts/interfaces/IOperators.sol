// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReleaseId} from "../types/ReleaseId.sol";
import {CompactStanding} from "../types/CompactStanding.sol";
import {ICovers} from "./ICovers.sol";
import {IOPG} from "./IOPG.sol";

/// @notice What became of a signer key.
enum SignerStatus {
    None,
    Active,
    /// Signs nothing more; its operator's stake still hangs on it until the next rotation.
    Revoked,
    /// Replaced. A slash follows it to the operator's present signer.
    Retired
}

/// @notice What an operator can be slashed for.
enum Offence {
    WrongOutput,
    Equivocation
}

/// @notice All that a result's use depends on, in one slot keyed by signer.
struct Standing {
    uint32 operatorId;
    /// Active stake in grains; unbonding stake is not in it, what covers lock is.
    uint56 stake;
    /// Accepted requests that the operator may hold at once.
    uint16 slots;
    /// How often the operator was slashed; earnings unripe at a slash are forfeited.
    uint16 slashCount;
    SignerStatus status;
    bool jailed;
    /// Timestamp of revocation or retirement; 0 while active.
    uint40 since;
    /// Timestamp of the last slash; an operator in jail may return `jailPeriod` after it.
    uint40 lastSlashAt;
    /// True while stake is on its way out.
    bool unbonding;
    /// How often the operator came back from jail. What was punished in an earlier era can be punished again.
    uint16 era;
    /// Percent of the stake that is set aside for covers, and counts for no minimum; at most 50.
    uint8 coverPercent;
}

/// @notice The account side of an operator.
struct Operator {
    address owner;
    /// Block of the last `EndpointSet` event.
    uint40 endpointBlock;
    /// Set of roles: 1 inference, 2 verifier, 4 storage, 8 data.
    uint8 roles;
    address signer;
}

/// @notice An advertisement: what an operator serves, how and for how much. The signed fee is what counts.
struct Offer {
    /// Token wei per inference.
    uint256 price;
    /// Set of modes; 0 = not offered.
    uint8 modes;
    /// Basis points of a cover that insuring it adds to the price; 0 = sells none.
    uint16 coverRateBps;
}

/// @notice Stake on its way out. It can still be slashed and counts for no minimum.
struct Unbonding {
    /// Token wei.
    uint128 amount;
    /// Timestamp from which it can be withdrawn.
    uint40 releaseAt;
}

/// @notice One row of the slash table, basis points.
struct SlashTerms {
    /// Share of the operator's stake, active and unbonding alike.
    uint16 stakeBps;
    /// Parts of what is taken; they add up to 10,000.
    uint16 burnBps;
    uint16 bountyBps;
    uint16 requesterBps;
}

/// @notice EIP-2612 permit over the amount of the call it comes with.
struct Permit {
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice Everything a new operator does, for `onboard`.
struct Onboarding {
    address signer;
    /// See `register`.
    bytes signerProof;
    uint8 roles;
    string endpoint;
    /// Token wei, whole grains.
    uint256 stake;
    uint16 slots;
    ReleaseId release;
    /// Token wei per inference, whole grains.
    uint256 price;
    uint8 modes;
}

/// @title Registry and staking of operators
/// @notice Owns operators, their signers, stake, offers and the slash table; holds the stake. The EIP-712 domain of
/// everything that operators sign.
/// @dev Assumptions: OPG moves exactly what it is told to and calls nobody; only `Disputes` holds the power to slash.
/// `unbondingPeriod > maxValidity + disputeWindow`, so stake outlives the evidence against it; `jailPeriod` too, so
/// evidence outlives no era. `jailPeriod` is no shorter than a lock of a cover can live, so no lock outlives jail.
interface IOperators is ICovers {
    event OperatorRegistered(
        uint32 indexed operatorId,
        address indexed owner,
        address indexed signer,
        uint8 roles,
        uint16 slots
    );
    event EndpointSet(uint32 indexed operatorId, string endpoint);
    event RolesSet(uint32 indexed operatorId, uint8 roles);
    event SlotsSet(uint32 indexed operatorId, uint16 slots);
    event Staked(uint32 indexed operatorId, address indexed from, uint256 amount, uint256 stake);
    event UnbondingStarted(uint32 indexed operatorId, uint256 amount, uint256 unbonding, uint40 releaseAt);
    event UnbondingWithdrawn(uint32 indexed operatorId, address indexed to, uint256 amount);
    event OfferSet(uint32 indexed operatorId, ReleaseId indexed release, uint256 price, uint8 modes);
    event CoverRateSet(uint32 indexed operatorId, ReleaseId indexed release, uint16 coverRateBps);
    event SignerRotated(uint32 indexed operatorId, address indexed from, address indexed to);
    event SignerRevoked(uint32 indexed operatorId, address indexed signer);
    event OperatorSlashed(
        uint32 indexed operatorId,
        address indexed signer,
        Offence offence,
        uint256 taken,
        uint256 burned,
        uint256 bounty,
        address bountyTo,
        uint256 compensation,
        address requester
    );
    event OperatorJailed(uint32 indexed operatorId, uint40 until);
    event OperatorReturned(uint32 indexed operatorId);
    event SlashTermsSet(Offence indexed offence, SlashTerms terms);
    event SlashedStakeBurned(uint256 amount);
    event AwardCollected(address indexed account, uint256 amount);

    /// @notice There is no such operator.
    error OperatorUnknown(uint32 operatorId);
    /// @notice Only the owner of the operator may do this.
    error NotOperatorOwner(uint32 operatorId, address caller);
    /// @notice The account signs, or signed, for no operator.
    error SignerUnknown(address signer);
    /// @notice The key was retired or revoked.
    error SignerNotActive(address signer, SignerStatus status);
    /// A key belongs to one operator for ever and is never used again.
    error SignerTaken(address signer);
    /// @notice The consent was signed by another account than the key that it is for.
    error SignerProofInvalid(address signer, address owner);
    /// @notice The key was retired so long ago that nothing it signed can be evidence.
    error SignerNoLongerSlashable(address signer, uint256 endedAt);
    /// @notice The endpoint is longer than the maximum.
    error EndpointTooLong(uint256 length, uint256 maximum);
    /// @notice An operator has at least one role, and no unknown one.
    error RolesInvalid(uint8 roles);
    /// @notice The offer names no mode, an unknown one, or a price that is no whole number of grains.
    error OfferInvalid(uint8 modes);
    /// There is no offer, or it says so already.
    error OfferUnchanged(uint32 operatorId, ReleaseId release);
    /// @notice The rate for covers exceeds the maximum.
    error CoverRateTooHigh(uint16 coverRateBps, uint16 maximum);
    /// @notice The operator has less stake than this needs.
    error StakeTooLow(uint256 stake, uint256 required);
    /// @notice So many requests at once need `required` of stake.
    error SlotsBeyondStake(uint16 slots, uint256 stakeNeeded, uint256 stake);
    /// @notice An amount of nothing.
    error AmountZero();
    /// @notice What unbonds can be withdrawn from `readyAt` on.
    error UnbondingNotReady(uint256 amount, uint40 releaseAt);
    /// @notice The operator is not in jail.
    error OperatorNotJailed(uint32 operatorId);
    /// @notice The operator can leave jail from the time given on.
    error JailNotOver(uint32 operatorId, uint40 until);
    /// @notice A row of the slash table is outside the constants, or its parts do not add up.
    error SlashTermsOutOfBounds(SlashTerms terms);
    /// @notice Nothing of the stake is left that this offence could take.
    error NothingToSlash(uint32 operatorId);
    /// @notice Window, validity, unbonding, jail, stakes or bounty do not fit together.
    error PeriodsInvalid(uint256 disputeWindow, uint256 maxValidity, uint256 unbondingPeriod, uint256 jailPeriod);

    /// @notice Registers an operator owned by the caller.
    /// @param signerProof the signer's EIP-712 signature of `SignerConsent(address owner)`: it proves possession of
    /// the key, and that the key agrees to this owner
    /// @param endpoint where callers reach the node, ≤ 256 bytes; kept in the event only
    function register(
        address signer,
        bytes calldata signerProof,
        uint8 roles,
        string calldata endpoint
    ) external returns (uint32 operatorId);

    /// @notice Adds to an operator's stake from the caller's balance, by approval.
    function stake(uint32 operatorId, uint256 amount) external;

    /// @notice The same with an EIP-2612 permit instead of an approval.
    function stakeWithPermit(uint32 operatorId, uint256 amount, Permit calldata permit) external;

    /// @notice Registers, stakes, sets slots and offers one release, in one transaction.
    /// @param permit over `params.stake`; all zero when the caller approved before
    function onboard(Onboarding calldata params, Permit calldata permit) external returns (uint32 operatorId);

    /// @notice Offers a release; `modes` 0 withdraws the offer.
    function setOffer(uint32 operatorId, ReleaseId release, uint256 price, uint8 modes) external;

    /// @notice Says what insuring a result of an offered release adds to its price; 0 sells no cover. Withdrawing the
    /// offer forgets it.
    function setCoverRate(uint32 operatorId, ReleaseId release, uint16 coverRateBps) external;

    /// @notice How many accepted requests the operator may hold at once; each needs `stakePerSlot` behind it.
    function setSlots(uint32 operatorId, uint16 slots) external;

    function setEndpoint(uint32 operatorId, string calldata endpoint) external;

    function setRoles(uint32 operatorId, uint8 roles) external;

    /// @notice Replaces the signer at once. The old key can still be slashed for `maxValidity + disputeWindow`.
    function rotateSigner(uint32 operatorId, address newSigner, bytes calldata signerProof) external;

    /// @notice Stops the signer at once; callable by the owner or by the signer itself. Never paused.
    function revokeSigner(address signer) external;

    /// @notice Starts to take stake out. A second call puts all that is unbonding under one new, later date. Slots
    /// that the rest no longer carries are given up; what covers locked must still fit the shares set aside.
    function unbond(uint32 operatorId, uint256 amount) external;

    /// @notice Pays out what has unbonded. Never paused.
    function withdrawUnbonded(uint32 operatorId, address to) external returns (uint256 amount);

    /// @notice Returns from jail by the operator's own act, after the delay, and begins another era. What slashes put
    /// off burns before. Whoever was slashed 65,535 times never returns.
    function leaveJail(uint32 operatorId) external;

    /// @notice Takes stake by the table, jails, and divides what was taken. What covers locked of the share is put off
    /// until the locks end, and burns then (`burnDeferred`). Bounty and compensation wait in `awardOf`.
    /// @dev Only `Disputes`. Finds the operator behind a retired signer too.
    /// @dev Warning: evidence by two signers needs `slashableOperatorOf` for both.
    /// @param bountyTo who proved it
    /// @param requester who was wronged; zero adds the share to what is burned
    /// @return operatorId as `slashableOperatorOf` says
    /// @return era likewise
    /// @return taken token wei, without what is put off
    function slash(
        Offence offence,
        address signer,
        address bountyTo,
        address requester
    ) external returns (uint32 operatorId, uint16 era, uint256 taken);

    /// @notice The same for an operator whose guilt took time to compute: `slashableOperatorOf` was asked when it was
    /// accused, and its signer may have retired since.
    /// @dev Only `Disputes`.
    function slashOperator(
        Offence offence,
        uint32 operatorId,
        address bountyTo,
        address requester
    ) external returns (uint256 taken);

    /// @notice Pays out what slashes awarded to an account. Anyone may call it; the money goes where it belongs. Never
    /// paused.
    function collectAward(address account) external returns (uint256 amount);

    /// @notice Burns the slashed stake that is to be burned. Anyone.
    function burnSlashed() external returns (uint256 amount);

    /// @notice Changes a row of the slash table, within the constants, and so that a slash of the minimum stake pays
    /// the bounty floor.
    function setSlashTerms(Offence offence, SlashTerms calldata terms) external;

    function standingOf(address signer) external view returns (Standing memory);

    /// @notice The same as one packed word, for contracts that read it on every result: its stake is what counts for
    /// minimums, without what is set aside for covers.
    function compactStandingOf(address signer) external view returns (CompactStanding);

    /// @notice The standing of an operator's present signer.
    function standingById(uint32 operatorId) external view returns (Standing memory);

    /// @notice The operator that answers with its stake for what `signer` signed; reverts when there is none, or when
    /// the signer was taken out of use more than `maxValidity + disputeWindow` ago.
    /// @return operatorId of its operator
    /// @return era of the operator at present
    function slashableOperatorOf(address signer) external view returns (uint32 operatorId, uint16 era);

    function operatorOf(uint32 operatorId) external view returns (Operator memory);
    function ownerOf(uint32 operatorId) external view returns (address);
    function slashCountOf(uint32 operatorId) external view returns (uint16);

    /// @notice Timestamp of the operator's slash number `index` (from 0); 0 when there is none.
    function slashedAt(uint32 operatorId, uint256 index) external view returns (uint40);

    function offerOf(uint32 operatorId, ReleaseId release) external view returns (Offer memory);
    function unbondingOf(uint32 operatorId) external view returns (Unbonding memory);
    function slashTermsOf(Offence offence) external view returns (SlashTerms memory);

    /// @notice Operators that offer a release, in no particular order.
    function offering(ReleaseId release, uint256 offset, uint256 limit) external view returns (uint32[] memory);
    function offeringCount(ReleaseId release) external view returns (uint256);
    function operatorCount() external view returns (uint32);

    function OPG_TOKEN() external view returns (IOPG);
    function domainSeparator() external view returns (bytes32);

    /// @notice Seconds in which a used result can be disputed, after it can no longer be used.
    function disputeWindow() external view returns (uint40);

    /// @notice Seconds that a result may be signed ahead of its use.
    function maxValidity() external view returns (uint40);
    function unbondingPeriod() external view returns (uint40);
    function jailPeriod() external view returns (uint40);

    /// @notice Token wei that every operator needs to answer anything.
    function minimumStake() external view returns (uint256);
    function stakePerSlot() external view returns (uint256);
    function bountyFloor() external view returns (uint256);

    /// @notice Token wei of bounties and compensation that an account has not collected.
    function awardOf(address account) external view returns (uint256);
    function unburned() external view returns (uint256);
}
