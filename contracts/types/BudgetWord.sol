// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The storage word of a `Budget` (interfaces/IPipe.sol): balance 56 | blockLimit 56 | spent 56 (grains) |
/// blockNumber 64 | 24 unused, from the high end. `spent` counts for `blockNumber` alone.
type BudgetWord is uint256;

using {balance, blockLimit, spentIn, withBalance, withLimit, spend} for BudgetWord global;

function balance(BudgetWord self) pure returns (uint256) {
    return BudgetWord.unwrap(self) >> 200;
}

function blockLimit(BudgetWord self) pure returns (uint256) {
    return uint56(BudgetWord.unwrap(self) >> 144);
}

/// @notice Grains spent in the block of that number.
function spentIn(BudgetWord self, uint256 blockNumber) pure returns (uint256) {
    uint256 word = BudgetWord.unwrap(self);
    return uint64(word >> 24) == blockNumber ? uint56(word >> 88) : 0;
}

/// @dev Grains, at most the supply: 50 bits.
function withBalance(BudgetWord self, uint256 balance_) pure returns (BudgetWord) {
    return BudgetWord.wrap((balance_ << 200) | ((BudgetWord.unwrap(self) << 56) >> 56));
}

/// @dev Grains, at most the supply.
function withLimit(BudgetWord self, uint256 blockLimit_) pure returns (BudgetWord) {
    return BudgetWord.wrap((BudgetWord.unwrap(self) & ~(uint256(type(uint56).max) << 144)) | (blockLimit_ << 144));
}

/// @dev `amount` (grains) is at most the balance, and with `spent` at most the limit.
function spend(BudgetWord self, uint256 amount, uint256 spent, uint256 blockNumber) pure returns (BudgetWord) {
    unchecked {
        uint256 kept = (BudgetWord.unwrap(self) >> 144) << 144;
        return BudgetWord.wrap(kept - (amount << 200) + ((spent + amount) << 88) + (blockNumber << 24));
    }
}
