// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Mode} from "../types/Mode.sol";
import {ReleaseId} from "../types/ReleaseId.sol";

/// @notice An operator that could serve the next call.
struct Candidate {
    uint32 operatorId;
    address signer;
    /// Token wei per inference, advertised.
    uint256 price;
    /// Basis points of a cover that insuring it adds to the price; 0 = sells none.
    uint16 coverRateBps;
    /// Token wei of active stake that counts for minimums: without what is set aside for covers.
    uint256 stake;
    /// Accepted requests that it could still take.
    uint16 freeSlots;
    /// Token wei the signer could put up to accept a request.
    uint256 acceptBudget;
    /// Block of its last `EndpointSet` event.
    uint40 endpointBlock;
}

/// @title Which operators can really do this workload
/// @notice A reading glass over hub, operators and requests; owns nothing.
interface ICoverage {
    /// @notice Operators that offer `release` in `mode` and could serve the next call: live signer, not jailed, stake
    /// at least the release's and the network's minimum, a slot free. None where the mode cannot be asked for.
    /// @param offset where to start in the release's list of offers
    /// @param limit how many offers to look at
    /// @return candidates those that qualify, at most `limit`
    /// @return next offset to go on with; 0 when the list is through
    function coverage(
        ReleaseId release,
        Mode mode,
        uint256 offset,
        uint256 limit
    ) external view returns (Candidate[] memory candidates, uint256 next);
}
