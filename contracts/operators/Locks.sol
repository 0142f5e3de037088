// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AuthorityUtils} from "@openzeppelin/contracts/access/manager/AuthorityUtils.sol";

import {StakeBook} from "./StakeBook.sol";
import {ICovers} from "../interfaces/ICovers.sol";
import {Operator, Standing} from "../interfaces/IOperators.sol";
import {OperatorWords} from "../libraries/OperatorWords.sol";
import {GRAIN} from "../types/Grain.sol";
import {LOCK_EPOCHS, LockWord} from "../types/LockWord.sol";

/// @dev A struct, so that a place is looked up once to read and to write it.
struct StoredLocks {
    LockWord word;
}

/// @title Locks
/// @notice Owns the shares of stake that operators' owners set aside for coverers, what is locked of them, and what
/// slashes put off because it was locked.
abstract contract Locks is StakeBook {
    using OperatorWords for Standing;

    /// @dev Half of the stake stays free, so that a slash finds a bounty.
    uint256 internal constant MAX_COVER_PERCENT = 50;
    uint256 internal constant MAX_COVERERS = 4;
    /// @dev A challenge that is opened at the last moment, and a day to claim after its verdict.
    uint256 private constant CLAIM_MARGIN = 2 days;
    uint256 private constant BPS = 10_000;

    uint256 internal immutable _epochLength;

    /// @dev Keyed by `_lockKey`.
    mapping(uint256 lockKey => StoredLocks stored) internal _locks;
    /// @dev The percent of a coverer that may lock no more; its lock word says 0, which is all that reserving reads.
    mapping(uint256 lockKey => uint8 percent) private _frozenPercents;
    mapping(uint32 operatorId => address[] coverers) private _coverers;
    /// @dev Grains of stake, no more than there is. Not zero only of an operator in jail with a share set aside, so
    /// that nobody else's acts read it.
    mapping(uint32 operatorId => uint256 grains) private _deferred;

    constructor(uint256 evidencePeriod) {
        _epochLength = (evidencePeriod + CLAIM_MARGIN + LOCK_EPOCHS - 2) / (LOCK_EPOCHS - 1);
    }

    /// @inheritdoc ICovers
    function setCoverPercent(uint32 operatorId, address coverer, uint8 percent) external override {
        Operator storage operator = _requireOwner(operatorId);
        uint256 lockKey = _lockKey(operatorId, coverer);
        LockWord locks = _locksOf(operatorId, coverer);
        uint8 before = _percentOf(operatorId, coverer, locks);
        bool isFrozen = locks.percent() != before;
        require(percent != before || isFrozen, CoverPercentUnchanged(operatorId, coverer));
        Standing memory standing = _standings[operator.signer];
        _burnDeferred(operatorId, standing);
        uint256 total = uint256(standing.coverPercent) - before + percent;
        require(total <= MAX_COVER_PERCENT, CoverPercentTooHigh(total, MAX_COVER_PERCENT));
        _requireWithin(operatorId, coverer, locks.live(), _shareOf(standing.stake, percent));
        if (percent > locks.percent()) _requireCoverer(coverer);
        if (before == 0) _addCoverer(operatorId, coverer);
        else if (percent == 0) _removeCoverer(operatorId, coverer);

        if (isFrozen) delete _frozenPercents[lockKey];
        _locks[lockKey].word = percent == 0 ? LockWord.wrap(0) : locks.withPercent(percent);
        standing.coverPercent = uint8(total);
        _trimSlots(operatorId, standing);
        _standings[operator.signer].store(standing);
        emit CoverPercentSet(operatorId, coverer, percent);
    }

    /// @inheritdoc ICovers
    function freezeCoverer(uint32 operatorId, address coverer) external override {
        _requireOwner(operatorId);
        uint256 lockKey = _lockKey(operatorId, coverer);
        LockWord locks = _locks[lockKey].word;
        uint8 percent = locks.percent();
        require(percent != 0, CovererNotAllowed(operatorId, coverer));
        _frozenPercents[lockKey] = percent;
        _locks[lockKey].word = locks.withPercent(0);
        emit CovererFrozen(operatorId, coverer);
    }

    /// @inheritdoc ICovers
    function burnDeferred(uint32 operatorId) external override returns (uint256 amount) {
        address signer = _operators[operatorId].signer;
        Standing memory standing = _standings[signer];
        amount = _burnDeferred(operatorId, standing) * GRAIN;
        require(amount != 0, NothingDeferred(operatorId));
        _standings[signer].store(standing);
    }

    /// @inheritdoc ICovers
    function deferredOf(uint32 operatorId) external view override returns (uint256) {
        return _deferred[operatorId] * GRAIN;
    }

    /// @inheritdoc ICovers
    function coverPercentOf(uint32 operatorId, address coverer) external view override returns (uint8) {
        return _percentOf(operatorId, coverer, _locksOf(operatorId, coverer));
    }

    /// @inheritdoc ICovers
    function coverersOf(uint32 operatorId) external view override returns (address[] memory) {
        return _coverers[operatorId];
    }

    /// @inheritdoc ICovers
    function lockedBy(uint32 operatorId, address coverer) external view override returns (uint256) {
        return _locksOf(operatorId, coverer).live() * GRAIN;
    }

    /// @inheritdoc ICovers
    function countingStakeOf(uint32 operatorId) external view override returns (uint256) {
        return _countingGrains(_standings[_operators[operatorId].signer]) * GRAIN;
    }

    /// @inheritdoc ICovers
    function coverPeriod() external view override returns (uint40) {
        return uint40(_epochLength * (LOCK_EPOCHS - 1));
    }

    /// @dev Takes the share of what earlier slashes would have left. What locks keep of it is put off: they are senior,
    /// and end.
    /// @param standing its stake falls by what goes
    /// @return taken grains that this slash takes now
    /// @return locked grains
    function _slashUnlocked(
        uint32 operatorId,
        Standing memory standing,
        uint256 stakeBps
    ) internal returns (uint256 taken, uint256 locked) {
        uint256 deferred = _deferred[operatorId];
        taken = ((standing.stake - deferred) * stakeBps) / BPS;
        locked = _lockedGrains(operatorId, standing);
        uint256 free = standing.stake - locked;
        if (taken > free) {
            uint256 kept = taken - free;
            _deferred[operatorId] = deferred + kept;
            taken = free;
            emit SlashDeferred(operatorId, kept * GRAIN);
        }
        standing.stake -= uint56(taken);
        if (deferred != 0) _burnDeferred(operatorId, standing);
    }

    /// @dev Burns what slashes put off, as far as no lock holds it. Comes before stake leaves or is used again.
    /// @param standing its stake falls by what burns
    function _burnDeferred(uint32 operatorId, Standing memory standing) internal returns (uint256 grains) {
        if (standing.coverPercent == 0) return 0;
        uint256 deferred = _deferred[operatorId];
        if (deferred == 0) return 0;
        grains = standing.stake - _lockedGrains(operatorId, standing);
        if (grains > deferred) grains = deferred;
        if (grains == 0) return 0;

        _deferred[operatorId] = deferred - grains;
        _unburnedGrains += uint64(grains);
        standing.stake -= uint56(grains);
        _trimSlots(operatorId, standing);
        emit DeferredBurned(operatorId, grains * GRAIN);
    }

    /// @dev Slashes leave what is locked, so it is there. Of what they put off no more is owed than there is left.
    /// @param age epochs since the lock was made
    /// @param lock grains
    function _takeLocked(uint32 operatorId, address coverer, uint256 age, uint256 lock) internal {
        _locks[_lockKey(operatorId, coverer)].word = _locksOf(operatorId, coverer).remove(age, lock);
        address signer = _operators[operatorId].signer;
        Standing memory standing = _standings[signer];
        standing.stake -= uint56(lock);
        if (_deferred[operatorId] > standing.stake) _deferred[operatorId] = standing.stake;
        _trimSlots(operatorId, standing);
        _standings[signer].store(standing);
    }

    /// @dev What each coverer locked must fit its share of what is left.
    function _requireLocksCarried(uint32 operatorId, Standing memory standing) internal view {
        if (standing.coverPercent == 0) return;
        address[] storage coverers = _coverers[operatorId];
        for (uint256 i; i < coverers.length; ++i) {
            LockWord locks = _locksOf(operatorId, coverers[i]);
            uint256 share = _shareOf(standing.stake, _percentOf(operatorId, coverers[i], locks));
            _requireWithin(operatorId, coverers[i], locks.live(), share);
        }
    }

    /// @dev Of this epoch.
    function _locksOf(uint32 operatorId, address coverer) internal view returns (LockWord) {
        return _locks[_lockKey(operatorId, coverer)].word.movedTo(block.timestamp / _epochLength);
    }

    function _lockKey(uint32 operatorId, address coverer) internal pure returns (uint256) {
        return (uint256(operatorId) << 160) | uint160(coverer);
    }

    function _addCoverer(uint32 operatorId, address coverer) private {
        address[] storage coverers = _coverers[operatorId];
        require(coverers.length < MAX_COVERERS, TooManyCoverers(operatorId, MAX_COVERERS));
        coverers.push(coverer);
    }

    function _removeCoverer(uint32 operatorId, address coverer) private {
        address[] storage coverers = _coverers[operatorId];
        uint256 last = coverers.length - 1;
        for (uint256 i; i < last; ++i) {
            if (coverers[i] == coverer) coverers[i] = coverers[last];
        }
        coverers.pop();
    }

    /// @dev Grains; nothing but a claim may take them.
    function _lockedGrains(uint32 operatorId, Standing memory standing) private view returns (uint256 locked) {
        if (standing.coverPercent == 0) return 0;
        address[] storage coverers = _coverers[operatorId];
        for (uint256 i; i < coverers.length; ++i) locked += _locksOf(operatorId, coverers[i]).live();
    }

    function _requireCoverer(address coverer) private view {
        (bool isCoverer, ) = AuthorityUtils.canCallWithDelay(
            authority(),
            coverer,
            address(this),
            ICovers.insureResult.selector
        );
        require(isCoverer, CovererUnknown(coverer));
    }

    /// @return percent that is set aside, also for a coverer that is frozen
    function _percentOf(uint32 operatorId, address coverer, LockWord locks) private view returns (uint8 percent) {
        percent = locks.percent();
        if (percent == 0) percent = _frozenPercents[_lockKey(operatorId, coverer)];
    }

    /// @dev Grains.
    function _requireWithin(uint32 operatorId, address coverer, uint256 locked, uint256 share) private pure {
        if (locked > share) revert CoverShareTooLow(operatorId, coverer, locked * GRAIN, share * GRAIN);
    }
}
