// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Stake of one operator that one contract locked for covers: percent 8 | epoch 40 | four sums of grains, 52
/// bits each, by the epoch in which they were locked; the present one lowest. `percent` is the share of its stake that
/// the contract may lock. A lock lives through the epoch it was made in and the three after it, and ends by itself.
type LockWord is uint256;

using {percent, epoch, live, movedTo, withPercent, add, remove} for LockWord global;

uint256 constant LOCK_EPOCHS = 4;
uint256 constant LOCK_BITS = 52;
uint256 constant LOCK_MASK = (1 << LOCK_BITS) - 1;
uint256 constant LOCKS_MASK = (1 << (LOCK_EPOCHS * LOCK_BITS)) - 1;

function percent(LockWord self) pure returns (uint8) {
    return uint8(LockWord.unwrap(self) >> 248);
}

function epoch(LockWord self) pure returns (uint256) {
    return uint40(LockWord.unwrap(self) >> 208);
}

/// @notice The same in a later epoch: what was locked too long ago is gone.
function movedTo(LockWord self, uint256 now_) pure returns (LockWord) {
    unchecked {
        uint256 word = LockWord.unwrap(self);
        uint256 age = now_ - uint40(word >> 208);
        if (age == 0) return self;
        // More than 255 bits leave nothing.
        uint256 sums = age < LOCK_EPOCHS ? (word << (age * LOCK_BITS)) & LOCKS_MASK : 0;
        return LockWord.wrap((word & (uint256(255) << 248)) | (now_ << 208) | sums);
    }
}

/// @notice Grains that are locked in the epoch that the word is of. The supply in grains has 50 bits.
function live(LockWord self) pure returns (uint256 sum) {
    unchecked {
        uint256 word = LockWord.unwrap(self);
        sum =
            (word & LOCK_MASK) +
            ((word >> 52) & LOCK_MASK) +
            ((word >> 104) & LOCK_MASK) +
            ((word >> 156) & LOCK_MASK);
    }
}

function withPercent(LockWord self, uint8 percent_) pure returns (LockWord) {
    return LockWord.wrap((LockWord.unwrap(self) & ~(uint256(255) << 248)) | (uint256(percent_) << 248));
}

/// @param age epochs since the lock was made, less than `LOCK_EPOCHS`
/// @param grains all that is locked stays below 2^52
function add(LockWord self, uint256 age, uint256 grains) pure returns (LockWord) {
    unchecked {
        return LockWord.wrap(LockWord.unwrap(self) + (grains << (age * LOCK_BITS)));
    }
}

/// @param grains at most what was locked in that epoch
function remove(LockWord self, uint256 age, uint256 grains) pure returns (LockWord) {
    unchecked {
        return LockWord.wrap(LockWord.unwrap(self) - (grains << (age * LOCK_BITS)));
    }
}
