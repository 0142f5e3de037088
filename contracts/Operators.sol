// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IOPG} from "./interfaces/IOPG.sol";
import {
    IOperators,
    Offence,
    Onboarding,
    Operator,
    Permit,
    SignerStatus,
    SlashTerms,
    Standing,
    Unbonding
} from "./interfaces/IOperators.sol";
import {Burning} from "./libraries/Burning.sol";
import {OperatorWords} from "./libraries/OperatorWords.sol";
import {PermitLib} from "./libraries/PermitLib.sol";
import {SlashTable, SlashTables} from "./libraries/SlashTable.sol";
import {Covers} from "./operators/Covers.sol";
import {Locks} from "./operators/Locks.sol";
import {Offers} from "./operators/Offers.sol";
import {StakeBook} from "./operators/StakeBook.sol";
import {CompactStanding} from "./types/CompactStanding.sol";
import {GRAIN, toGrains} from "./types/Grain.sol";
import {LOCK_EPOCHS} from "./types/LockWord.sol";

/// @notice The numbers that a deployment fixes for good.
struct OperatorsParams {
    /// Seconds; at least 12 hours, what forced inclusion on an OP-stack chain needs.
    uint40 disputeWindow;
    /// Seconds; at most one day.
    uint40 maxValidity;
    /// Seconds; more than both together and `CHALLENGE_MARGIN`.
    uint40 unbondingPeriod;
    /// Seconds; as long as a lock of a cover can live at the least. That is more than the first two together, so that
    /// evidence of one era is dead in the next, and whoever leaves jail has no locks.
    uint40 jailPeriod;
    /// Token wei, whole grains.
    uint256 minimumStake;
    uint256 stakePerSlot;
    uint256 bountyFloor;
}

/// @title Operators
/// @notice Owns operators, signers, stake and the slash table; offers and covers are in its bases. Owners of operators
/// write their own; `Disputes` alone slashes; governance moves the slash table between constants. Trusts OPG and
/// the AccessManager.
contract Operators is Offers, Covers, EIP712 {
    using SafeERC20 for IOPG;
    using OperatorWords for Standing;
    using OperatorWords for Operator;
    using SlashTables for SlashTerms;

    bytes32 internal constant SIGNER_CONSENT_TYPEHASH = keccak256("SignerConsent(address owner)");
    uint40 internal constant MIN_DISPUTE_WINDOW = 12 hours;
    uint40 internal constant MAX_DISPUTE_WINDOW = 7 days;
    uint40 internal constant MAX_VALIDITY = 1 days;
    uint40 internal constant CHALLENGE_MARGIN = 1 days;
    uint40 internal constant MAX_UNBONDING_PERIOD = 90 days;
    /// @dev Whoever was slashed this often stays in jail: the count could not tell further slashes apart. So eras, of
    /// which each ends with a slash, never run out.
    uint16 internal constant MAX_SLASHES = type(uint16).max;
    uint256 internal constant MAX_ENDPOINT_LENGTH = 256;
    uint8 internal constant ALL_ROLES = 15;
    uint16 private constant BPS = 10_000;

    uint40 public immutable override disputeWindow;
    uint40 public immutable override maxValidity;
    uint40 public immutable override unbondingPeriod;
    uint40 public immutable override jailPeriod;
    uint256 public immutable override minimumStake;
    uint256 public immutable override stakePerSlot;
    uint256 public immutable override bountyFloor;

    uint32 public override operatorCount;
    SlashTable private _slashTable;
    mapping(uint32 operatorId => Unbonding unbonding) private _unbondings;
    /// @dev All but the last, which is in `_standings`.
    mapping(uint32 operatorId => mapping(uint256 index => uint40 timestamp)) private _earlierSlashes;
    mapping(address account => uint256 amount) public override awardOf;

    constructor(
        IOPG opg,
        address authority,
        OperatorsParams memory params
    )
        AccessManaged(authority)
        EIP712("OPG Inference", "1")
        StakeBook(opg, toGrains(params.stakePerSlot))
        Locks(uint256(params.maxValidity) + params.disputeWindow)
        Covers(params.unbondingPeriod)
    {
        require(
            params.disputeWindow >= MIN_DISPUTE_WINDOW &&
                params.disputeWindow <= MAX_DISPUTE_WINDOW &&
                params.maxValidity > 0 &&
                params.maxValidity <= MAX_VALIDITY &&
                params.unbondingPeriod > params.disputeWindow + params.maxValidity + CHALLENGE_MARGIN &&
                params.unbondingPeriod <= MAX_UNBONDING_PERIOD &&
                params.jailPeriod >= _epochLength * LOCK_EPOCHS &&
                params.jailPeriod <= MAX_UNBONDING_PERIOD,
            PeriodsInvalid(params.disputeWindow, params.maxValidity, params.unbondingPeriod, params.jailPeriod)
        );
        // A higher floor could not be paid out of a slash of the minimum stake without touching what must burn.
        require(
            toGrains(params.minimumStake) != 0 && params.bountyFloor * 10 <= params.minimumStake,
            StakeTooLow(params.minimumStake, params.bountyFloor * 10)
        );
        require(params.stakePerSlot != 0, AmountZero());
        disputeWindow = params.disputeWindow;
        maxValidity = params.maxValidity;
        unbondingPeriod = params.unbondingPeriod;
        jailPeriod = params.jailPeriod;
        minimumStake = params.minimumStake;
        stakePerSlot = params.stakePerSlot;
        bountyFloor = toGrains(params.bountyFloor) * GRAIN;
        _setSlashTerms(Offence.WrongOutput, SlashTerms(5000, 7000, 1500, 1500));
        _setSlashTerms(Offence.Equivocation, SlashTerms(5000, 8500, 1500, 0));
    }

    /// @inheritdoc IOperators
    function register(
        address signer,
        bytes calldata signerProof,
        uint8 roles,
        string calldata endpoint
    ) external override returns (uint32 operatorId) {
        operatorId = _register(signer, signerProof, roles, endpoint, 0, 0);
    }

    /// @inheritdoc IOperators
    function stake(uint32 operatorId, uint256 amount) external override {
        _stake(operatorId, amount);
    }

    /// @inheritdoc IOperators
    function stakeWithPermit(uint32 operatorId, uint256 amount, Permit calldata permit) external override {
        PermitLib.tryPermit(OPG_TOKEN, amount, permit);
        _stake(operatorId, amount);
    }

    /// @inheritdoc IOperators
    function onboard(Onboarding calldata params, Permit calldata permit) external override returns (uint32 operatorId) {
        uint256 grains = _toStake(params.stake);
        _requireCarried(params.slots, grains);
        operatorId = _register(
            params.signer,
            params.signerProof,
            params.roles,
            params.endpoint,
            uint56(grains),
            params.slots
        );
        emit Staked(operatorId, msg.sender, params.stake, params.stake);
        _setOffer(operatorId, params.release, params.price, params.modes);
        PermitLib.tryPermit(OPG_TOKEN, params.stake, permit);
        OPG_TOKEN.safeTransferFrom(msg.sender, address(this), params.stake);
    }

    /// @inheritdoc IOperators
    function setSlots(uint32 operatorId, uint16 slots) external override {
        Standing storage standing = _standings[_requireOwner(operatorId).signer];
        _requireCarried(slots, _countingGrains(standing));
        standing.slots = slots;
        emit SlotsSet(operatorId, slots);
    }

    /// @inheritdoc IOperators
    function setEndpoint(uint32 operatorId, string calldata endpoint) external override {
        Operator storage operator = _requireOwner(operatorId);
        _requireEndpoint(endpoint);
        operator.endpointBlock = uint40(block.number);
        emit EndpointSet(operatorId, endpoint);
    }

    /// @inheritdoc IOperators
    function setRoles(uint32 operatorId, uint8 roles) external override {
        Operator storage operator = _requireOwner(operatorId);
        require(roles <= ALL_ROLES, RolesInvalid(roles));
        operator.roles = roles;
        emit RolesSet(operatorId, roles);
    }

    /// @inheritdoc IOperators
    function rotateSigner(uint32 operatorId, address newSigner, bytes calldata signerProof) external override {
        Operator storage operator = _requireOwner(operatorId);
        _requireConsent(newSigner, operator.owner, signerProof);
        address oldSigner = operator.signer;
        Standing memory standing = _standings[oldSigner];
        uint40 retiredAt = standing.status == SignerStatus.Revoked ? standing.since : uint40(block.timestamp);

        // The tombstone keeps the operator's id, so that a slash for old results finds the stake.
        _standings[oldSigner].store(
            Standing(operatorId, 0, 0, 0, SignerStatus.Retired, false, retiredAt, 0, false, 0, 0)
        );
        (standing.status, standing.since) = (SignerStatus.Active, 0);
        _standings[newSigner].store(standing);
        operator.signer = newSigner;
        emit SignerRotated(operatorId, oldSigner, newSigner);
    }

    /// @inheritdoc IOperators
    function revokeSigner(address signer) external override {
        Standing storage standing = _standings[signer];
        uint32 operatorId = standing.operatorId;
        require(operatorId != 0, SignerUnknown(signer));
        require(standing.status == SignerStatus.Active, SignerNotActive(signer, standing.status));
        require(
            msg.sender == signer || msg.sender == _operators[operatorId].owner,
            NotOperatorOwner(operatorId, msg.sender)
        );
        (standing.status, standing.since) = (SignerStatus.Revoked, uint40(block.timestamp));
        emit SignerRevoked(operatorId, signer);
    }

    /// @inheritdoc IOperators
    function unbond(uint32 operatorId, uint256 amount) external override {
        address signer = _requireOwner(operatorId).signer;
        Standing memory standing = _standings[signer];
        uint256 grains = _toStake(amount);
        _burnDeferred(operatorId, standing);
        require(grains <= standing.stake, StakeTooLow(uint256(standing.stake) * GRAIN, amount));

        (standing.stake, standing.unbonding) = (uint56(standing.stake - grains), true);
        _requireLocksCarried(operatorId, standing);
        _trimSlots(operatorId, standing);
        _standings[signer].store(standing);
        Unbonding storage unbonding = _unbondings[operatorId];
        uint256 total = unbonding.amount + amount;
        uint40 releaseAt = uint40(block.timestamp) + unbondingPeriod;
        (unbonding.amount, unbonding.releaseAt) = (uint128(total), releaseAt);
        emit UnbondingStarted(operatorId, amount, total, releaseAt);
    }

    /// @inheritdoc IOperators
    function withdrawUnbonded(uint32 operatorId, address to) external override returns (uint256 amount) {
        address signer = _requireOwner(operatorId).signer;
        Unbonding memory unbonding = _unbondings[operatorId];
        amount = unbonding.amount;
        require(amount != 0, AmountZero());
        require(block.timestamp >= unbonding.releaseAt, UnbondingNotReady(amount, unbonding.releaseAt));

        delete _unbondings[operatorId];
        _standings[signer].unbonding = false;
        emit UnbondingWithdrawn(operatorId, to, amount);
        OPG_TOKEN.safeTransfer(to, amount);
    }

    /// @inheritdoc IOperators
    function leaveJail(uint32 operatorId) external override {
        address signer = _requireOwner(operatorId).signer;
        Standing memory standing = _standings[signer];
        require(standing.jailed, OperatorNotJailed(operatorId));
        uint40 until = _jailedUntil(standing.lastSlashAt, standing.slashCount);
        require(block.timestamp >= until, JailNotOver(operatorId, until));
        // All of it: jail is longer than a lock lives, and nothing is locked in it.
        _burnDeferred(operatorId, standing);
        uint256 staked = _countingGrains(standing) * GRAIN;
        require(staked >= minimumStake, StakeTooLow(staked, minimumStake));

        (standing.jailed, standing.era) = (false, standing.era + 1);
        _standings[signer].store(standing);
        emit OperatorReturned(operatorId);
    }

    /// @inheritdoc IOperators
    function slash(
        Offence offence,
        address signer,
        address bountyTo,
        address requester
    ) external override restricted returns (uint32 operatorId, uint16 era, uint256 taken) {
        Standing memory standing = _standings[signer];
        operatorId = _requireSlashable(signer, standing);
        address present = signer;
        if (standing.status == SignerStatus.Retired) {
            present = _operators[operatorId].signer;
            standing = _standings[present];
        }
        era = standing.era;
        taken = _slash(offence, present, standing, signer, bountyTo, requester);
    }

    /// @inheritdoc IOperators
    function slashOperator(
        Offence offence,
        uint32 operatorId,
        address bountyTo,
        address requester
    ) external override restricted returns (uint256 taken) {
        address signer = _operators[operatorId].signer;
        require(signer != address(0), OperatorUnknown(operatorId));
        taken = _slash(offence, signer, _standings[signer], signer, bountyTo, requester);
    }

    /// @inheritdoc IOperators
    function collectAward(address account) external override returns (uint256 amount) {
        amount = awardOf[account];
        require(amount != 0, AmountZero());
        awardOf[account] = 0;
        emit AwardCollected(account, amount);
        OPG_TOKEN.safeTransfer(account, amount);
    }

    /// @inheritdoc IOperators
    function burnSlashed() external override returns (uint256 amount) {
        amount = unburned();
        _unburnedGrains = 0;
        emit SlashedStakeBurned(amount);
        Burning.burn(OPG_TOKEN, amount);
    }

    /// @inheritdoc IOperators
    function setSlashTerms(Offence offence, SlashTerms calldata terms) external override restricted {
        _setSlashTerms(offence, terms);
    }

    /// @inheritdoc IOperators
    function standingOf(address signer) external view override returns (Standing memory) {
        return _standings[signer];
    }

    /// @inheritdoc IOperators
    function compactStandingOf(address signer) external view override returns (CompactStanding word) {
        word = _standingWordOf(signer);
        if (!word.isSettingAside()) return word;
        // 56 bits times a percentage, which is less than 100.
        unchecked {
            uint256 stakeGrains = word.stakeGrains();
            return word.withoutStake((stakeGrains * word.coverPercent()) / 100);
        }
    }

    /// @inheritdoc IOperators
    function standingById(uint32 operatorId) external view override returns (Standing memory) {
        return _standings[_operators[operatorId].signer];
    }

    /// @inheritdoc IOperators
    function operatorOf(uint32 operatorId) external view override returns (Operator memory) {
        return _operators[operatorId];
    }

    /// @inheritdoc IOperators
    function ownerOf(uint32 operatorId) external view override returns (address) {
        return _operators[operatorId].owner;
    }

    /// @inheritdoc IOperators
    /// @dev Evidence can be back-dated with a stolen key, so a key that was taken out of use stops being slashable
    /// once no result that it could have signed before is evidence any more.
    function slashableOperatorOf(address signer) public view override returns (uint32 operatorId, uint16 era) {
        Standing memory standing = _standings[signer];
        operatorId = _requireSlashable(signer, standing);
        bool isRetired = standing.status == SignerStatus.Retired;
        era = isRetired ? _standings[_operators[operatorId].signer].era : standing.era;
    }

    /// @inheritdoc IOperators
    function slashCountOf(uint32 operatorId) external view override returns (uint16) {
        return _standings[_operators[operatorId].signer].slashCount;
    }

    /// @inheritdoc IOperators
    function slashedAt(uint32 operatorId, uint256 index) external view override returns (uint40) {
        Standing storage standing = _standings[_operators[operatorId].signer];
        uint256 count = standing.slashCount;
        if (count != 0 && index == count - 1) return standing.lastSlashAt;
        return _earlierSlashes[operatorId][index];
    }

    /// @inheritdoc IOperators
    function unbondingOf(uint32 operatorId) external view override returns (Unbonding memory) {
        return _unbondings[operatorId];
    }

    /// @inheritdoc IOperators
    function slashTermsOf(Offence offence) external view override returns (SlashTerms memory) {
        return _slashTable.termsOf(offence);
    }

    /// @inheritdoc IOperators
    function domainSeparator() external view override returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IOperators
    function unburned() public view override returns (uint256) {
        return uint256(_unburnedGrains) * GRAIN;
    }

    function _register(
        address signer,
        bytes calldata signerProof,
        uint8 roles,
        string calldata endpoint,
        uint56 stakeGrains,
        uint16 slots
    ) private returns (uint32 operatorId) {
        require(roles <= ALL_ROLES, RolesInvalid(roles));
        _requireEndpoint(endpoint);
        _requireConsent(signer, msg.sender, signerProof);

        operatorId = ++operatorCount;
        _standings[signer].store(
            Standing(operatorId, stakeGrains, slots, 0, SignerStatus.Active, false, 0, 0, false, 0, 0)
        );
        _operators[operatorId].store(Operator(msg.sender, uint40(block.number), roles, signer));
        emit OperatorRegistered(operatorId, msg.sender, signer, roles, slots);
        emit EndpointSet(operatorId, endpoint);
    }

    function _stake(uint32 operatorId, uint256 amount) private {
        address signer = _operators[operatorId].signer;
        require(signer != address(0), OperatorUnknown(operatorId));
        uint256 grains = _toStake(amount);

        Standing storage standing = _standings[signer];
        uint256 staked = standing.stake + grains;
        standing.stake = uint56(staked);
        emit Staked(operatorId, msg.sender, amount, staked * GRAIN);
        OPG_TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _toStake(uint256 amount) private pure returns (uint256 grains) {
        grains = toGrains(amount);
        require(grains != 0, AmountZero());
    }

    function _requireSlashable(address signer, Standing memory standing) private view returns (uint32 operatorId) {
        operatorId = standing.operatorId;
        require(operatorId != 0, SignerUnknown(signer));
        if (standing.status == SignerStatus.Active) return operatorId;
        uint256 endedAt = uint256(standing.since) + maxValidity + disputeWindow;
        require(block.timestamp <= endedAt, SignerNoLongerSlashable(signer, endedAt));
    }

    /// @param present the operator's present signer, whose standing it is
    /// @param signer who signed
    function _slash(
        Offence offence,
        address present,
        Standing memory standing,
        address signer,
        address bountyTo,
        address requester
    ) private returns (uint256 taken) {
        SlashTerms memory terms = _slashTable.termsOf(offence);
        uint40 jailedUntil;
        (taken, jailedUntil) = _takeStake(present, standing, terms.stakeBps);

        (uint256 burned, uint256 bounty, uint256 compensation) = terms.divide(
            taken,
            bountyFloor,
            requester != address(0)
        );
        _unburnedGrains += uint64(burned / GRAIN);
        awardOf[bountyTo] += bounty;
        if (compensation != 0) awardOf[requester] += compensation;
        uint32 operatorId = standing.operatorId;
        emit OperatorSlashed(operatorId, signer, offence, taken, burned, bounty, bountyTo, compensation, requester);
        emit OperatorJailed(operatorId, jailedUntil);
    }

    /// @dev Takes the share from active and unbonding stake alike, so that leaving shortly before saves nothing. What
    /// is locked of it is put off.
    /// @return taken token wei
    function _takeStake(
        address signer,
        Standing memory standing,
        uint256 stakeBps
    ) private returns (uint256 taken, uint40 jailedUntil) {
        uint32 operatorId = standing.operatorId;
        uint256 locked;
        // 56 bits of grains, and a share of at most all.
        unchecked {
            if (standing.coverPercent == 0) {
                taken = (uint256(standing.stake) * stakeBps) / BPS;
                standing.stake = uint56(standing.stake - taken);
            } else {
                (taken, locked) = _slashUnlocked(operatorId, standing, stakeBps);
            }
            if (standing.unbonding) taken += _takeUnbonding(operatorId, stakeBps);
            taken *= GRAIN;
        }
        // The verdict counts where all that is left is locked: covers are paid by it.
        require(taken != 0 || locked != 0, NothingToSlash(operatorId));

        if (standing.slashCount != MAX_SLASHES) {
            if (standing.slashCount != 0) {
                _earlierSlashes[operatorId][standing.slashCount - 1] = standing.lastSlashAt;
            }
            (standing.slashCount, standing.lastSlashAt) = (standing.slashCount + 1, uint40(block.timestamp));
        }
        standing.jailed = true;
        _trimSlots(operatorId, standing);
        _standings[signer].store(standing);
        jailedUntil = _jailedUntil(standing.lastSlashAt, standing.slashCount);
    }

    function _takeUnbonding(uint32 operatorId, uint256 stakeBps) private returns (uint256 grains) {
        Unbonding storage unbonding = _unbondings[operatorId];
        uint256 amount = unbonding.amount;
        grains = ((amount / GRAIN) * stakeBps) / BPS;
        unbonding.amount = uint128(amount - grains * GRAIN);
    }

    function _jailedUntil(uint40 lastSlashAt, uint16 slashCount) private view returns (uint40) {
        return slashCount == MAX_SLASHES ? type(uint40).max : lastSlashAt + jailPeriod;
    }

    function _setSlashTerms(Offence offence, SlashTerms memory terms) private {
        terms.requireWithinBounds(minimumStake, bountyFloor);
        _slashTable = _slashTable.withTerms(offence, terms);
        emit SlashTermsSet(offence, terms);
    }

    /// @dev A key proves that it is there and agrees to its owner; it can never come back, under any operator.
    function _requireConsent(address signer, address owner, bytes calldata signerProof) private view {
        require(_standings[signer].operatorId == 0, SignerTaken(signer));
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(SIGNER_CONSENT_TYPEHASH, owner)));
        (address recovered, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(digest, signerProof);
        require(problem == ECDSA.RecoverError.NoError && recovered == signer, SignerProofInvalid(signer, owner));
    }

    function _requireEndpoint(string calldata endpoint) private pure {
        uint256 length = bytes(endpoint).length;
        require(length <= MAX_ENDPOINT_LENGTH, EndpointTooLong(length, MAX_ENDPOINT_LENGTH));
    }
}
