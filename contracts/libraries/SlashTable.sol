// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IOperators, Offence, SlashTerms} from "../interfaces/IOperators.sol";
import {GRAIN} from "../types/Grain.sol";

/// @notice All rows of the slash table, 64 bits an offence, so that a slash finds its terms in a slot it writes anyway.
type SlashTable is uint128;

using {SlashTables.termsOf, SlashTables.withTerms} for SlashTable global;

/// @title SlashTables
/// @notice What is taken for an offence, and who gets it.
library SlashTables {
    uint16 internal constant MIN_SLASH_BPS = 1000;
    uint16 internal constant MIN_BURN_BPS = 7000;
    uint16 internal constant MAX_BOUNTY_BPS = 1500;
    uint16 private constant BPS = 10_000;

    function termsOf(SlashTable self, Offence offence) internal pure returns (SlashTerms memory) {
        uint256 row = SlashTable.unwrap(self) >> (64 * uint8(offence));
        return SlashTerms(uint16(row), uint16(row >> 16), uint16(row >> 32), uint16(row >> 48));
    }

    function withTerms(SlashTable self, Offence offence, SlashTerms memory terms) internal pure returns (SlashTable) {
        uint256 shift = 64 * uint8(offence);
        uint256 row =
            terms.stakeBps |
                (uint256(terms.burnBps) << 16) |
                (uint256(terms.bountyBps) << 32) |
                (uint256(terms.requesterBps) << 48);
        uint256 others = SlashTable.unwrap(self) & ~(uint256(type(uint64).max) << shift);
        return SlashTable.wrap(uint128(others | (row << shift)));
    }

    /// @dev The floor must be payable out of the minimum stake without touching what must burn.
    function requireWithinBounds(SlashTerms memory terms, uint256 minimumStake, uint256 bountyFloor) internal pure {
        require(
            terms.stakeBps >= MIN_SLASH_BPS &&
                terms.stakeBps <= BPS &&
                terms.burnBps >= MIN_BURN_BPS &&
                terms.bountyBps <= MAX_BOUNTY_BPS &&
                uint256(terms.burnBps) + terms.bountyBps + terms.requesterBps == BPS &&
                minimumStake * terms.stakeBps * (BPS - MIN_BURN_BPS) >= bountyFloor * BPS * BPS,
            IOperators.SlashTermsOutOfBounds(terms)
        );
    }

    /// @notice Divides what was taken, token wei: bounty (never below the floor), requester, the rest burned.
    /// @dev The floor is paid at the requester's expense first, and never touches what must be burned at the least.
    function divide(
        SlashTerms memory terms,
        uint256 taken,
        uint256 bountyFloor,
        bool hasRequester
    ) internal pure returns (uint256 burned, uint256 bounty, uint256 compensation) {
        uint256 divisible = _mulDown(taken, BPS - MIN_BURN_BPS);
        bounty = _mulDown(taken, terms.bountyBps);
        if (bounty < bountyFloor) bounty = bountyFloor < divisible ? bountyFloor : divisible;
        // No row has a bounty above what is divisible.
        unchecked {
            if (hasRequester) {
                compensation = _mulDown(taken, terms.requesterBps);
                if (compensation > divisible - bounty) compensation = divisible - bounty;
            }
            burned = taken - bounty - compensation;
        }
    }

    /// @dev Whole grains, so that what is burned is too.
    function _mulDown(uint256 amount, uint256 bps) private pure returns (uint256) {
        // No more than the supply, of which ten thousand times has 104 bits.
        unchecked {
            return (((amount / GRAIN) * bps) / BPS) * GRAIN;
        }
    }
}
