// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOperators} from "../interfaces/IOperators.sol";

/// @notice What has been earned in the present and the last window, grains. One slot, the only one that a payment
/// touches. `royalty` amounts are part of the totals.
struct Pot {
    uint56 currentTotal;
    uint56 currentRoyalty;
    uint56 previousTotal;
    uint56 previousRoyalty;
    /// Window of the last change, counted from `EPOCH_ZERO`.
    uint16 epoch;
    /// The operator's slash count at the last change.
    uint16 slashCount;
}

/// @notice What has matured and waits to be claimed, grains. `forfeited` amounts are part of the totals: of those, the
/// operator's share is lost, the publisher's and the protocol's are not.
struct Matured {
    uint64 total;
    uint64 royalty;
    uint64 forfeitedTotal;
    uint64 forfeitedRoyalty;
}

// 2025-01-01T00:00:00Z, where windows are counted from.
uint256 constant EPOCH_ZERO = 1_735_689_600;

/// @title Pots
/// @notice Earnings that mature by time. A window is one dispute window long; what is earned in window e matures when
/// window e + 2 begins, so after one window at the least and two at the most.
/// @dev A slash between two changes of a pot forfeits what had not matured at the first of them: nothing can have been
/// earned after it without a change. 56 bits hold the whole supply in grains, and 16 bits of windows reach 89 years.
library Pots {
    /// @notice Adds a payment, grains, unless the pot must `roll` first. Reads and writes the pot's slot alone.
    /// @param window seconds
    /// @param royalty part of `total`
    function tryAdd(
        Pot storage self,
        uint16 slashCount,
        uint256 window,
        uint256 total,
        uint256 royalty
    ) internal returns (bool added) {
        uint256 word;
        // As one word: a struct would be taken apart and put together. Bit ranges are those of `Pot`; the two sums
        // fit theirs, since no more than the supply, 2^50 grains, can wait in all pots.
        assembly ("memory-safe") {
            word := sload(self.slot)
        }
        if (word >> 224 != (uint256(slashCount) << 16) | epochAt(block.timestamp, window)) return false;
        word += (royalty << 56) | total;
        assembly ("memory-safe") {
            sstore(self.slot, word)
        }
        return true;
    }

    /// @notice Moves on to the present window and slash count.
    function roll(
        Pot storage self,
        Matured storage matured,
        IOperators operators,
        uint32 operatorId,
        uint16 slashCount,
        uint256 window
    ) internal {
        (Pot memory pot, Matured memory ripe) = preview(self, matured, operators, operatorId, slashCount, window);
        _store(self, pot);
        matured.total = ripe.total;
        matured.royalty = ripe.royalty;
        matured.forfeitedTotal = ripe.forfeitedTotal;
        matured.forfeitedRoyalty = ripe.forfeitedRoyalty;
    }

    /// @notice What `roll` would store.
    function preview(
        Pot storage self,
        Matured storage matured,
        IOperators operators,
        uint32 operatorId,
        uint16 slashCount,
        uint256 window
    ) internal view returns (Pot memory pot, Matured memory ripe) {
        (pot, ripe) = (self, matured);
        if (pot.slashCount != slashCount) {
            if (pot.currentTotal != 0 || pot.previousTotal != 0) {
                _advance(pot, ripe, epochAt(operators.slashedAt(operatorId, pot.slashCount), window));
                _forfeit(pot, ripe);
            }
            pot.slashCount = slashCount;
        }
        _advance(pot, ripe, epochAt(block.timestamp, window));
    }

    function epochAt(uint256 timestamp, uint256 window) internal pure returns (uint256) {
        return (timestamp - EPOCH_ZERO) / window;
    }

    function _advance(Pot memory pot, Matured memory ripe, uint256 epoch) private pure {
        uint256 windows = epoch - pot.epoch;
        if (windows == 0) return;
        _mature(pot, ripe);
        if (windows > 1) _mature(pot, ripe);
        pot.epoch = uint16(epoch);
    }

    /// @dev One window passes.
    function _mature(Pot memory pot, Matured memory ripe) private pure {
        ripe.total += pot.previousTotal;
        ripe.royalty += pot.previousRoyalty;
        (pot.previousTotal, pot.previousRoyalty) = (pot.currentTotal, pot.currentRoyalty);
        (pot.currentTotal, pot.currentRoyalty) = (0, 0);
    }

    function _forfeit(Pot memory pot, Matured memory ripe) private pure {
        uint64 total = uint64(pot.currentTotal) + pot.previousTotal;
        uint64 royalty = uint64(pot.currentRoyalty) + pot.previousRoyalty;
        ripe.total += total;
        ripe.royalty += royalty;
        ripe.forfeitedTotal += total;
        ripe.forfeitedRoyalty += royalty;
        (pot.currentTotal, pot.currentRoyalty, pot.previousTotal, pot.previousRoyalty) = (0, 0, 0, 0);
    }

    function _store(Pot storage self, Pot memory pot) private {
        self.currentTotal = pot.currentTotal;
        self.currentRoyalty = pot.currentRoyalty;
        self.previousTotal = pot.previousTotal;
        self.previousRoyalty = pot.previousRoyalty;
        self.epoch = pot.epoch;
        self.slashCount = pot.slashCount;
    }
}
