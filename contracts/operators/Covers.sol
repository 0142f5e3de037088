// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Locks, StoredLocks} from "./Locks.sol";
import {DueCover, ICovers, ReservedCover} from "../interfaces/ICovers.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {Standing} from "../interfaces/IOperators.sol";
import {CompactStanding} from "../types/CompactStanding.sol";
import {Cover} from "../types/Cover.sol";
import {CoverWord, packCover} from "../types/CoverWord.sol";
import {GRAIN} from "../types/Grain.sol";
import {LOCK_EPOCHS, LockWord} from "../types/LockWord.sol";

/// @dev A struct, so that a place is looked up once to read and to write it.
struct StoredCover {
    CoverWord word;
}

/// @title Covers
/// @notice Owns what is reserved and due. Coverers that operators' owners allow reserve, `Disputes` alone claims.
abstract contract Covers is Locks {
    using SafeERC20 for IOPG;

    /// @dev L = C · 10 / 3: of what is locked 70 % burn, as of every slash at the least.
    uint256 private constant LOCK_TENTHS = 10;
    uint256 private constant COVER_TENTHS = 3;

    uint256 private immutable _payDelay;

    /// @dev Keyed by `coverKeyOf`.
    mapping(bytes32 key => StoredCover stored) private _covers;
    mapping(bytes32 key => DueCover due) private _dues;

    constructor(uint256 unbondingPeriod_) {
        _payDelay = unbondingPeriod_;
    }

    /// @inheritdoc ICovers
    function insureResult(address signer, bytes32 resultHash, Cover cover, uint256 maxCover) external override {
        CompactStanding standing = _standingWordOf(signer);
        if (!standing.isActive()) revert CoverSignerNotActive(signer);
        uint256 grains = cover.grains();
        if (grains == 0) revert CoverZero();
        _requireUsable(cover.beneficiary());

        uint256 epoch = block.timestamp / _epochLength;
        StoredCover storage stored = _covers[coverKeyOf(standing.operatorId(), msg.sender, resultHash)];
        CoverWord word = stored.word;
        // Grains have 96 bits here, and what passes the comparison 56.
        unchecked {
            if (CoverWord.unwrap(word) == 0) {
                if (cover.amount() > maxCover) revert CoverAboveMaximum(cover.amount(), maxCover);
                _lock(standing, epoch, 0, _lockOf(grains));
                stored.word = packCover(cover.beneficiary(), grains, block.timestamp, standing.era());
            } else {
                if (word.coverBeneficiary() != cover.beneficiary()) {
                    revert CoverOfAnother(resultHash, word.coverBeneficiary());
                }
                uint256 before = word.coveredGrains();
                uint256 covered = before * GRAIN + cover.amount();
                if (covered > maxCover) revert CoverAboveMaximum(covered, maxCover);
                // Beside what it locked before, so that all of it ends at once. A result is usable for less than the
                // time that a lock lives.
                uint256 age = epoch - word.coverSince() / _epochLength;
                _lock(standing, epoch, age, _lockOf(before + grains) - _lockOf(before));
                stored.word = word.plus(grains);
            }
        }
    }

    /// @inheritdoc ICovers
    function claimCover(
        uint32 operatorId,
        address coverer,
        bytes32 resultHash
    ) external override restricted returns (bytes32 key) {
        key = coverKeyOf(operatorId, coverer, resultHash);
        CoverWord word = _covers[key].word;
        require(CoverWord.unwrap(word) != 0, CoverUnknown(key));
        uint256 endedAt = _endOf(word);
        require(block.timestamp < endedAt, CoverEnded(key, endedAt));
        require(_dues[key].amount == 0, CoverUnpaid(key));

        delete _covers[key];
        uint256 grains = word.coveredGrains();
        uint256 lock = _lockOf(grains);
        uint256 age = block.timestamp / _epochLength - word.coverSince() / _epochLength;
        _takeLocked(operatorId, coverer, age, lock);
        _unburnedGrains += uint64(lock - grains);
        uint40 payableAt = word.coverSince() + uint40(_payDelay);
        _dues[key] = DueCover(word.coverBeneficiary(), uint128(grains * GRAIN), payableAt);
        emit CoverClaimed(operatorId, word.coverBeneficiary(), key, grains * GRAIN, (lock - grains) * GRAIN, payableAt);
    }

    /// @inheritdoc ICovers
    function payCover(bytes32 key) external override returns (uint256 amount) {
        DueCover memory due = _dues[key];
        amount = due.amount;
        require(amount != 0, CoverUnknown(key));
        require(block.timestamp >= due.payableAt, CoverNotPayable(key, due.payableAt));

        delete _dues[key];
        emit CoverPaid(key, due.beneficiary, amount);
        OPG_TOKEN.safeTransfer(due.beneficiary, amount);
    }

    /// @inheritdoc ICovers
    function coverOf(
        uint32 operatorId,
        address coverer,
        bytes32 resultHash
    ) external view override returns (ReservedCover memory cover) {
        CoverWord word = _covers[coverKeyOf(operatorId, coverer, resultHash)].word;
        if (CoverWord.unwrap(word) == 0) return cover;
        return
            ReservedCover({
                beneficiary: word.coverBeneficiary(),
                amount: word.coveredGrains() * GRAIN,
                since: word.coverSince(),
                endsAt: uint40(_endOf(word)),
                era: word.coverEra()
            });
    }

    /// @inheritdoc ICovers
    function dueCoverOf(bytes32 key) external view override returns (DueCover memory) {
        return _dues[key];
    }

    /// @inheritdoc ICovers
    function coverableBy(uint32 operatorId, address coverer) external view override returns (uint256) {
        LockWord locks = _locksOf(operatorId, coverer);
        uint256 share = _shareOf(_standings[_operators[operatorId].signer].stake, locks.percent());
        uint256 live = locks.live();
        return live < share ? (((share - live) * COVER_TENTHS) / LOCK_TENTHS) * GRAIN : 0;
    }

    /// @inheritdoc ICovers
    function coverKeyOf(
        uint32 operatorId,
        address coverer,
        bytes32 resultHash
    ) public pure override returns (bytes32 key) {
        // As `keccak256(abi.encode(…))`, without leaving the words in memory.
        assembly ("memory-safe") {
            let free := mload(64)
            mstore(free, and(operatorId, 0xffffffff))
            mstore(add(free, 32), shr(96, shl(96, coverer)))
            mstore(add(free, 64), resultHash)
            key := keccak256(free, 96)
        }
    }

    function _standingWordOf(address signer) internal view returns (CompactStanding word) {
        Standing storage standing = _standings[signer];
        // The struct fills one slot; reading it whole saves the decoding of every field.
        assembly ("memory-safe") {
            word := sload(standing.slot)
        }
    }

    /// @param age epochs since the cover was first reserved
    /// @param lock grains, less than 2^64
    function _lock(CompactStanding standing, uint256 epoch, uint256 age, uint256 lock) private {
        StoredLocks storage stored = _locks[_lockKey(standing.operatorId(), msg.sender)];
        LockWord locks = stored.word;
        uint256 percent = locks.percent();
        if (percent == 0) revert CovererNotAllowed(standing.operatorId(), msg.sender);
        locks = locks.movedTo(epoch);
        unchecked {
            uint256 locked = locks.live() + lock;
            uint256 share = (standing.stakeGrains() * percent) / 100;
            if (locked > share) {
                revert CoverShareTooLow(standing.operatorId(), msg.sender, locked * GRAIN, share * GRAIN);
            }
        }
        stored.word = locks.add(age, lock);
    }

    function _endOf(CoverWord word) private view returns (uint256) {
        return (word.coverSince() / _epochLength + LOCK_EPOCHS) * _epochLength;
    }

    /// @dev Who holds no OPG of its own would lose what it is paid.
    function _requireUsable(address beneficiary) private view {
        if (
            beneficiary == address(0) ||
            beneficiary == address(this) ||
            beneficiary == msg.sender ||
            beneficiary == address(OPG_TOKEN)
        ) revert BeneficiaryUnusable(beneficiary);
    }

    /// @dev Rounded up.
    function _lockOf(uint256 grains) private pure returns (uint256) {
        // Grains have 96 bits at the most.
        unchecked {
            return (grains * LOCK_TENTHS + COVER_TENTHS - 1) / COVER_TENTHS;
        }
    }
}
