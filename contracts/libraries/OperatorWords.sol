// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Operator, Standing} from "../interfaces/IOperators.sol";

/// @notice What is kept of an offer. `place` is its index in the release's list plus one.
struct StoredOffer {
    /// Grains.
    uint56 price;
    uint8 modes;
    uint32 place;
    uint16 coverRateBps;
}

/// @title OperatorWords
/// @notice Writes whole slots. The compiler would write field by field, which costs 200 gas for each: 1,600 in a slash
/// as when an operator comes.
/// @dev Bit ranges are those that the compiler gives the structs.
library OperatorWords {
    function store(Standing storage self, Standing memory standing) internal {
        uint256 word =
            standing.operatorId |
                (uint256(standing.stake) << 32) |
                (uint256(standing.slots) << 88) |
                (uint256(standing.slashCount) << 104) |
                (uint256(standing.status) << 120) |
                (uint256(standing.jailed ? 1 : 0) << 128) |
                (uint256(standing.since) << 136) |
                (uint256(standing.lastSlashAt) << 176) |
                (uint256(standing.unbonding ? 1 : 0) << 216) |
                (uint256(standing.era) << 224) |
                (uint256(standing.coverPercent) << 240);
        assembly ("memory-safe") {
            sstore(self.slot, word)
        }
    }

    function store(Operator storage self, Operator memory operator) internal {
        uint256 word =
            uint160(operator.owner) | (uint256(operator.endpointBlock) << 160) | (uint256(operator.roles) << 200);
        assembly ("memory-safe") {
            sstore(self.slot, word)
        }
        self.signer = operator.signer;
    }

    function store(StoredOffer storage self, StoredOffer memory offer) internal {
        uint256 word =
            offer.price |
                (uint256(offer.modes) << 56) |
                (uint256(offer.place) << 64) |
                (uint256(offer.coverRateBps) << 96);
        assembly ("memory-safe") {
            sstore(self.slot, word)
        }
    }
}
