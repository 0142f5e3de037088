// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title ERC20VotesInSeconds
/// @notice Votes by ERC-6372's clock of timestamps, so that the periods of governance are seconds on every chain.
abstract contract ERC20VotesInSeconds is ERC20Votes {
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }
}
