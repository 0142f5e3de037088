// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC20Wrapper} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Wrapper.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

import {ERC20VotesInSeconds} from "./ERC20VotesInSeconds.sol";

/// @title Votes for an OPG that has none
/// @notice Holds OPG one for one: `depositFor` gives votes, `withdrawTo` gives the OPG back, at any time. Nobody else can
/// move what is held. Trusts OPG to move exactly the amounts it is told to.
contract OPGVotes is ERC20, ERC20Permit, ERC20VotesInSeconds, ERC20Wrapper {
    constructor(IERC20 opg) ERC20("OpenGradient Votes", "vOPG") ERC20Permit("OpenGradient Votes") ERC20Wrapper(opg) {}

    function decimals() public view override(ERC20, ERC20Wrapper) returns (uint8) {
        return super.decimals();
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
